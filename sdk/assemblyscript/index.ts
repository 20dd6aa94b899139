// index.ts - what `import { ... } from "heliosdb-as"` gives.
export * from "./assembly/index";
