// @ts-self-types="./quickjs_tracked.d.ts"
import source quickjsTracked from "./quickjs_tracked.wasm";

export { quickjsTracked };
