// mock.d.ts - types of mock.js, the host for tests on Node.
import type { SqlValue, StatusName } from "./index.js";

type Row = Record<string, SqlValue>;
export const mock: {
  reset(): void;
  sql(statement: string, answer: Row[] | number | ((...values: SqlValue[]) => Row[] | number)): void;
  respond(method: string, url: string, answer: { status?: number; headers?: Record<string, string>; body?: string | Uint8Array }): void;
  refuse(status: StatusName, on?: string, message?: string): void;
  readonly ran: { sql: string; values: SqlValue[] }[];
  readonly logged: { level: string; text: string }[];
  readonly rows: unknown[][];
  readonly requests: { method: string; url: string; headers: string; body: string }[];
  readonly kv: Map<string, Uint8Array>;
  readonly session: Map<string, string>;
  readonly metrics: Map<string, number>;
  readonly env: Map<string, string>;
  readonly files: Map<string, Uint8Array>;
  readonly openTransactions: number;
  set nowMicros(value: number);
};
