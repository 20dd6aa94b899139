// procedures.mjs - which functions of a source are procedures, by the types of their declarations and the
// `@helios` words before them. Must not guess: what it does not know is an error at its place.

// The compiler's numbers (src/ast.ts, src/common.ts of assemblyscript 0.28).
export const Kind = { NamedType: 1, Call: 10, False: 14, Literal: 17, New: 18, Null: 19, True: 26, Export: 36, Import: 43, Throw: 46, Variable: 48,
  FunctionDeclaration: 56, TypeDeclaration: 61 };
const Flags = { Export: 2, Declare: 4 };
const REST = 2; // ParameterKind
const PACKAGE = "~lib/heliosdb-as";

// By name: the type in SQL, how it crosses, and whose name it is. `wasm`: a number, and the type of the export's
// parameter and result; `take`: the functions of glue.ts that read and give it.
export const types = {
  bool: { sql: "BOOLEAN", wasm: "bool" },
  i32: { sql: "INTEGER", wasm: "i32" },
  i64: { sql: "BIGINT", wasm: "i64" },
  f32: { sql: "REAL", wasm: "f32" },
  f64: { sql: "REAL", wasm: "f64" },
  string: { sql: "TEXT", take: "Text" },
  String: { sql: "TEXT", take: "Text" },
  Uint8Array: { sql: "BLOB", take: "Bytes" },
  ArrayBuffer: { sql: "BLOB", take: "Buffer" },
  "StaticArray<u8>": { sql: "BLOB", take: "Static" },
  Timestamp: { sql: "TIMESTAMP", wasm: "i64", ours: true },
  DateDays: { sql: "DATE", wasm: "i64", ours: true },
  DecimalF64: { sql: "DECIMAL", wasm: "f64", ours: true },
  Decimal: { sql: "DECIMAL", take: "Decimal", ours: true },
  Json: { sql: "JSON", take: "Json", ours: true },
  Value: { sql: "ANY", take: "Value", ours: true },
};
const KNOWN = "bool, i32, i64, f32, f64, string, Uint8Array, Json, Decimal, Timestamp ..., Box<i64> | null, string | null ...; " +
  "or hide it with @helios private";
const WORDS = "deterministic, private, name N, state S, capability C, default P LITERAL, table (N TYPE, ...)";
// Of columns; heliosc's own list is compiler/languages/sqltypes.def.
const COLUMN_TYPES = ["BOOLEAN", "INTEGER", "INT", "BIGINT", "TIMESTAMP", "DATE", "REAL", "FLOAT", "DOUBLE", "TEXT", "VARCHAR", "BLOB", "BYTEA", "JSON",
  "DECIMAL", "NUMERIC", "ANY"];
const TAKEN = ["memory", "main", "helios_arena", "_initialize", "_start"];

export class Procedures {
  // sources: all that was parsed; wrong(range, text): an error at its place.
  constructor(sources, wrong) {
    this.byPath = new Map(sources.map(s => [s.internalPath, s]));
    this.wrong = wrong;
    this.list = [];
    this.capabilities = [];
  }

  // What an entry file exports; `as`: the name of its import in the generated source.
  readEntry(source, as) {
    for (const { name, declaration } of this.exported(source, new Set())) {
      if (!name.startsWith("_")) this.readFunction(declaration, name, as);
    }
  }

  // Functions that a source exports, also those of other files.
  exported(source, seen) {
    const found = [];
    if (source === undefined || seen.has(source)) return found;
    seen.add(source);
    for (const s of source.statements) {
      if (s.kind === Kind.FunctionDeclaration && s.flags & Flags.Export && !(s.flags & Flags.Declare)) {
        found.push({ name: s.name.text, declaration: s });
      } else if (s.kind === Kind.Export && s.members === null) {
        found.push(...this.exported(this.file(s.internalPath), seen));
      } else if (s.kind === Kind.Export && !s.isDeclare) {
        for (const m of s.members) {
          const declaration = this.function(s.internalPath === null ? source : this.file(s.internalPath), m.localName.text);
          if (declaration !== undefined) found.push({ name: m.exportedName.text, declaration });
        }
      }
    }
    return found;
  }

  file(path) {
    return this.byPath.get(path) ?? this.byPath.get(path + "/index");
  }

  function(source, name) {
    return source?.statements.find(s => s.kind === Kind.FunctionDeclaration && s.name.text === name);
  }

  // ---- types ----

  // What a name means where it stands: { name, ours, type } of an alias's end.
  meaning(node, depth = 0) {
    const source = node.range.source, name = node.name?.identifier.text;
    if (node.kind !== Kind.NamedType || node.name.next !== null || depth > 20) return { name: "" };
    for (const s of source.statements) {
      if (s.kind === Kind.TypeDeclaration && s.name.text === name) return this.meaning(s.type, depth + 1);
      const member = s.kind === Kind.Import && s.declarations?.find(d => d.name.text === name);
      if (member) {
        const from = s.internalPath, foreign = member.foreignName.text;
        if (from === PACKAGE || from.startsWith(PACKAGE + "/")) return { name: foreign, ours: true };
        const alias = this.file(from)?.statements.find(d => d.kind === Kind.TypeDeclaration && d.name.text === foreign);
        return alias === undefined ? { name: "" } : this.meaning(alias.type, depth + 1);
      }
      if (s.name?.text === name) return { name: "" }; // a class of that name, or so
    }
    return { name, node };
  }

  // A declared type: { type, nullable, box }, or null.
  typeOf(node) {
    const { name, node: end = node, ours = false } = this.meaning(node);
    const argument = end.typeArguments?.length === 1 ? end.typeArguments[0] : null;
    if (name === "Box" && ours && node.typeArguments?.length === 1 && node.isNullable) {
      const inner = this.typeOf(node.typeArguments[0]);
      return inner?.type.wasm === undefined || inner.nullable ? null : { type: inner.type, nullable: true, box: true };
    }
    const full = argument === null ? name : `${name}<${argument.range.toString()}>`;
    const type = Object.hasOwn(types, full) ? types[full] : undefined;
    if (type === undefined || (type.ours ?? false) !== ours) return null;
    return type.wasm !== undefined && node.isNullable ? null : { type, nullable: node.isNullable, box: false };
  }

  // ---- functions ----

  readFunction(f, name, as) {
    if (f.typeParameters?.length > 0) return;
    const words = this.annotations(f);
    if (words.private) return;
    const p = { export: name, as, name: words.name ?? name, deterministic: words.deterministic, state: words.state ?? "call",
      params: f.signature.parameters.map((node, i) => this.readParameter(f, node, i)), result: null, table: words.table };
    if (f.decorators?.length > 0 && f.decorators.some(d => /^(external|builtin|global)$/.test(d.name.range.toString()))) {
      this.wrong(f.name.range, `'${name}' can't be a procedure with this decorator`);
    }
    if (TAKEN.includes(name) || !/^[A-Za-z][A-Za-z0-9_$]{0,119}$/.test(name)) {
      this.wrong(f.name.range, `'${name}' is no name for a procedure's function`);
    }
    if (this.list.some(q => q.export === name)) this.wrong(f.name.range, `'${name}' is exported twice`);
    this.readDefaults(f, p, words);
    this.readResult(f, p);
    p.cells = p.params.some(q => q.nullable);
    if (p.cells && p.params.some(q => q.type === types.DecimalF64)) {
      this.wrong(f.name.range, `${name}: a parameter can't be DecimalF64 where one may be NULL; take a Decimal`);
    }
    this.capabilities.push(...words.capabilities.filter(c => !this.capabilities.includes(c)));
    this.list.push(p);
  }

  readParameter(f, node, i) {
    const found = this.typeOf(node.type);
    if (node.parameterKind === REST) this.wrong(node.range, `${f.name.text} takes any number of arguments`);
    if (found === null) {
      this.wrong(node.range, `parameter ${i + 1} of ${f.name.text} has type '${node.type.range.toString()}', which SQL can't give: ${KNOWN}`);
    }
    return { name: node.name.text, node, ...(found ?? { type: types.i64, nullable: false, box: false }) };
  }

  readResult(f, p) {
    const node = f.signature.returnType;
    if (node.kind === Kind.NamedType && node.name.identifier.text === "void") return;
    p.result = this.typeOf(node);
    if (p.result === null) {
      this.wrong(node.range.start === node.range.end ? f.name.range : node.range,
        `${f.name.text} returns '${node.range.toString()}', which SQL can't take: ${KNOWN}`);
    } else if (p.table !== undefined && p.result.type !== types.Json) {
      this.wrong(node.range, `${f.name.text} returns a table, and ${p.result.type.sql}: rows come by rows.put and void, or as Json`);
    }
  }

  // From `rate: f64 = 0.19` and from `@helios default rate 0.19`, which counts more.
  readDefaults(f, p, words) {
    for (const q of p.params) {
      if (q.node.initializer !== null) q.fallback = literal(q.node.initializer);
      if (q.fallback === undefined && q.node.initializer !== null && !words.defaults.some(d => d.name === q.name)) {
        this.wrong(q.node.initializer.range, `a default in SQL is a literal: write @helios default ${q.name} LITERAL`);
      }
    }
    for (const d of words.defaults) {
      const q = p.params.find(q => q.name === d.name);
      if (q === undefined || d.literal === "") {
        this.wrong(d.range, `${f.name.text} has no parameter '${d.name}', or no literal follows it: @helios default PARAMETER LITERAL`);
      } else {
        q.fallback = d.literal;
      }
    }
  }

  // ---- annotations ----

  annotations(f) {
    const source = f.range.source, out = { capabilities: [], defaults: [], deterministic: false, private: false };
    for (const { start, text } of commentsBefore(source.text, f.range.start)) {
      for (const m of text.matchAll(/@helios([^\n*]|\*(?!\/))*/g)) {
        const range = Object.assign(Object.create(Object.getPrototypeOf(f.range)),
          { start: start + m.index, end: start + m.index + m[0].trimEnd().length, source });
        this.readWords(f, out, m[0].slice("@helios".length).trim(), range);
      }
    }
    return out;
  }

  readWords(f, out, line, range) {
    const [word] = line.split(/[\s(]/, 1), rest = line.slice(word.length).trim();
    if ((word === "deterministic" || word === "private") && rest === "") {
      out[word] = true;
    } else if ((word === "name" || word === "state") && rest !== "") {
      out[word] = rest;
    } else if (word === "capability" && rest !== "") {
      out.capabilities.push(...rest.split(/[,\s]+/).filter(c => c !== ""));
    } else if (word === "default") {
      const [name] = rest.split(/\s/, 1);
      out.defaults.push({ name, literal: rest.slice(name.length).trim(), range });
    } else if (word === "table") {
      out.table = this.readTable(f, out, rest, range);
    } else {
      this.wrong(range, `${f.name.text}: '@helios ${word}' is nothing that heliosc knows: ${WORDS}`);
    }
  }

  // "(n INTEGER, name TEXT)" as [{ name, type }].
  readTable(f, out, list, range) {
    const columns = [];
    if (!/^\(.*\)$/.test(list) || out.table !== undefined) {
      this.wrong(range, `${f.name.text}: no list of columns, or the second one: @helios table (NAME TYPE, NAME TYPE)`);
      return columns;
    }
    for (const column of list.slice(1, -1).split(",")) {
      const [, name, type] = /^([A-Za-z_][A-Za-z0-9_$]*)\s+(\S+)$/.exec(column.trim()) ?? [];
      if (name === undefined) {
        this.wrong(range, `${f.name.text}: '${column.trim()}' is no column with a name and a type`);
      } else if (!COLUMN_TYPES.includes(type.toUpperCase())) {
        this.wrong(range, `${f.name.text}: the column '${name}' has type '${type}', which SQL does not have: ${COLUMN_TYPES.join(", ")}`);
      } else if (columns.length === 100 || columns.some(c => c.name.toLowerCase() === name.toLowerCase())) {
        this.wrong(range, `${f.name.text}: the column '${name}' is there twice, or beyond 100`);
      } else {
        columns.push({ name, type: type.toUpperCase() });
      }
    }
    return columns;
  }
}

// A literal of the language as one of SQL, or undefined.
function literal(node) {
  const text = node.range.toString();
  if (/^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$/.test(text)) return text;
  if (node.kind === Kind.True || node.kind === Kind.False || node.kind === Kind.Null) return text.toUpperCase();
  if (node.kind === Kind.Literal && /^["']/.test(text) && !node.value.includes("\0")) return `'${node.value.replaceAll("'", "''")}'`;
  return undefined;
}

// The comments right before a place: [{ start, text }], first to last.
function commentsBefore(text, at) {
  const found = [];
  for (;;) {
    while (at > 0 && /\s/.test(text[at - 1])) at--;
    let start = text.lastIndexOf("\n", at - 1) + 1;
    if (text.endsWith("*/", at)) {
      start = text.lastIndexOf("/*", at - 2);
    } else if (!text.slice(start, at).trimStart().startsWith("//")) {
      return found;
    }
    if (start < 0 || start >= at) return found;
    found.unshift({ start, text: text.slice(start, at) });
    at = start;
  }
}

// ---- what is written of them ----

// An argument as the expression that the call passes.
function argument(p, q, i) {
  const name = JSON.stringify(q.name);
  if (!p.cells) {
    return q.type.wasm !== undefined ? `a${i}`
      : q.type.take === "Value" ? `$h.cellValue(a${i}, ${name})` : `$h.take${q.type.take}(a${i}, n${i}, ${name})`;
  }
  if (q.box) return `$h.cellBox<${q.type.wasm}>(a${i}, ${name})`;
  return q.type.wasm !== undefined ? `$h.cellNumber<${q.type.wasm}>(a${i}, ${name})`
    : `$h.cell${q.type.take}${q.nullable ? "OrNull" : ""}(a${i}, ${name})`;
}

function parameter(p, q, i) {
  return p.cells || q.type.take === "Value" ? `a${i}: usize`
    : q.type.wasm !== undefined ? `a${i}: ${q.type.wasm}` : `a${i}: usize, n${i}: i32`;
}

function wrapper(p) {
  const result = p.result === null ? "void" : p.result.type.wasm ?? (p.result.type.take === "Value" ? "usize" : "u64");
  const nothing = p.result === null ? "" : result === "bool" ? " false" : " 0";
  const nulls = p.cells ? p.params.flatMap((q, i) => q.nullable || q.type.take === "Value" ? [] : [`$h.isNull(a${i})`]) : [];
  const call = `${p.as}.${p.export}(${p.params.map((q, i) => argument(p, q, i)).join(", ")})`;
  const give = p.result === null ? call : p.result.box ? `return $h.giveBox<${result}>(${call})`
    : p.result.type.wasm !== undefined ? `return ${call}` : `return $h.give${p.result.type.take}(${call})`;
  return `export function ${p.export}(${p.params.map((q, i) => parameter(p, q, i)).join(", ")}): ${result} {\n` +
    (nulls.length === 0 ? "" : `  if (${nulls.join(" || ")}) {\n    $h.giveNull();\n    return${nothing};\n  }\n`) +
    `  ${give};\n}\n`;
}

// The source of the module's exports. The function that is not exported is a form for throw: transform.mjs.
// collected: the runtime has a heap, which is ours in part.
export function exportsSource(list, entries, collected) {
  const bytes = list.some(p => p.cells || p.params.some(q => q.type.take !== undefined));
  return entries.map(e => `import * as ${e.as} from ${JSON.stringify(e.path)};\n`).join("") +
    `import * as $h from "${PACKAGE.slice(5)}/assembly/glue";\n` +
    (collected ? `import "${PACKAGE.slice(5)}/assembly/alloc";\n` : "") +
    "function $form(e: Error): void { throw new Error(__helios_thrown(e)); }\n" +
    (bytes ? "export function helios_arena(): u64 { return $h.arena(); }\n$h.prepare();\n" : "") +
    list.map(wrapper).join("");
}

export function manifestOf(list, capabilities, name) {
  return JSON.stringify({
    v: 1, name: name.slice(0, 128),
    procedures: list.map(p => ({
      name: p.name, export: p.export,
      params: p.params.map(q => ({ name: q.name, type: q.type.sql, ...(q.fallback === undefined ? {} : { default: q.fallback }) })),
      ...(p.table !== undefined ? { table: p.table } : p.result === null ? {} : { returns: p.result.type.sql }),
      deterministic: p.deterministic, strict: !p.cells, state: p.state,
    })),
    capabilities,
  });
}
