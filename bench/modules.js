// @ts-self-types="./modules.d.ts"
import source quickjsWasi from "quickjs-wasi/quickjs.wasm";
import source unmetered from "./quickjs_unmetered.wasm";

export { quickjsWasi, unmetered };
