// index.js - on Node: heliosdb.js over the mock host. In the database the engine has heliosdb.js itself.
import "./mock.js";

export * from "./heliosdb.js";
