//! The library as a command; `USAGE` says what it does.

use anyhow::{Context, Result, bail};
use walrus::Module;

const USAGE: &str =
    "Usage: meter IN.wasm OUT.wasm [--interpreter FUNCTION --jumps N,N,...] [--memory NAMESPACE] [--track | --free]
       meter IN.wasm OUT.wasm --fix-random

  --interpreter FUNCTION  this function pays at the opcodes that jump, and not round its dispatch
  --jumps N,N,...         those opcodes, all that may jump back but for calls
  --memory NAMESPACE      import the memory from NAMESPACE
  --track                 let every store mark the KiB that it writes to
  --free                  leave out all payment and checks, to measure what they cost
  --fix-random            only let WASI's random_get give zeros, so that what is built from it is always the same";

fn main() -> Result<()> {
    let mut files = Vec::new();
    let mut jumps = Vec::new();
    let (mut interpreter, mut memory, mut track, mut free, mut random) = (None, None, false, false, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--interpreter" => interpreter = Some(arguments.next().context(USAGE)?),
            "--jumps" => {
                let numbers = arguments.next().context(USAGE)?;
                jumps = numbers.split(',').map(str::parse).collect::<Result<_, _>>().context(USAGE)?;
            }
            "--memory" => memory = Some(arguments.next().context(USAGE)?),
            "--track" => track = true,
            "--free" => free = true,
            "--fix-random" => random = true,
            flag if flag.starts_with('-') => bail!("Unknown flag \"{flag}\"\n{USAGE}"),
            _ => files.push(argument),
        }
    }
    let [input, output] = files.as_slice() else { bail!(USAGE) };
    let mut module = Module::from_file(input).with_context(|| format!("Cannot read \"{input}\""))?;
    if let Some(namespace) = memory {
        meter::import_memory(&mut module, &namespace)?;
    }
    let bytes = if random {
        meter::fix_random(&mut module)?;
        module.emit_wasm()
    } else if free {
        meter::free(&mut module)?;
        meter::hint(&module.emit_wasm())?
    } else {
        let interpreter = interpreter.as_deref().map(|function| meter::Interpreter { function, jumps: &jumps });
        eprintln!("{:#?}", meter::meter(&mut module, interpreter)?);
        if track {
            eprintln!("{:#?}", meter::track(&mut module)?);
        }
        meter::hint(&module.emit_wasm())?
    };
    std::fs::write(output, bytes).with_context(|| format!("Cannot write \"{output}\""))
}
