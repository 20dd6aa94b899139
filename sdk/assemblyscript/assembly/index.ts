// index.ts - the public part of the SDK. Must not export what only the generated exports use (glue.ts).
export { Box, DateDays, Decimal, DecimalF64, Timestamp, Value, ValueType } from "./values";
export { Json, JsonKind } from "./json";
export { HeliosError, Status, lastMessage, lastStatus } from "./errors";
export { Statement, exec, prepare, query, queryJson, tryExec, tryPrepare } from "./statement";
export { begin, commit, release, rollback, rollbackTo, savepoint, transaction, tryBegin, tryCommit } from "./tx";
export { HashAlgorithm, envGet, hash, hmac, log, metricAdd, metricSet, now, random, sign, verify } from "./host";
export { kv, session } from "./kept";
export { appendFile, http, listFolder, readFile, removeFile, Response, tryHttp, tryReadFile, writeFile } from "./outside";
export { rows } from "./rows";
export { decodeUtf8, encodeUtf8 } from "./text";
