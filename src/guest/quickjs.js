// @ts-self-types="./quickjs.d.ts"
import source quickjs from "./quickjs.wasm";

export { quickjs };
