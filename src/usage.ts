/** What a run cost. */
export interface Usage {
  /** Units paid: one for a loop's turn, a call or 64 bytes copied. The same for the same script, data and seed. */
  readonly fuel: number;
  /** Wall time, in milliseconds. */
  readonly timeMs: number;
  /** Memory of the world at its largest, in bytes, the engine's own 1.4 MB included. */
  readonly peakMemoryBytes: number;
  /** Size of the encoded input, in bytes. */
  readonly bytesIn: number;
  /** Size of the encoded value, in bytes. */
  readonly bytesOut: number;
  /** What the log counted, in bytes. */
  readonly bytesLogged: number;
}
