// transform.mjs - asc's transform: exported functions become procedures. It writes the exports that stand between
// the ABI and them as one more source, makes `throw` keep its code and text, and adds the manifest to the module.
// Used by heliosc, and by `asc --transform heliosdb-as/transform`. Must change nothing else in a source.
import { Kind, Procedures, exportsSource, manifestOf } from "./procedures.mjs";

const ASSEMBLY = "~lib/heliosdb-as/assembly";
const EXPORTS = "heliosdb.exports.ts";
const USER = 0, USER_ENTRY = 1; // SourceKind

const TRANSFORM = 109; // DiagnosticCode
const STUB = 0; // Runtime
const ALLOCATORS = new Set(["~lib/rt/tlsf.ts", "~lib/rt/stub.ts"]);
const JAVASCRIPT = [["Date.", "now"], ["console.", "log"], ["performance.", "now"], ["crypto.", "random"], ["process.", "envGet or log"]];
const PLAIN = new Set(["Error", "RangeError", "TypeError", "SyntaxError", "URIError"]);

export default class HeliosTransform {
  // ---- asc calls these ----

  afterParse(parser) {
    if (this.program.heliosdb) return; // a project's own copy, where heliosc has brought one
    this.program.heliosdb = true;
    const entries = parser.sources.filter(s => s.sourceKind === USER_ENTRY && !s.normalizedPath.startsWith("~lib/"))
      .map((source, i) => ({ source, as: `$p${i}`, path: "./" + source.internalPath }));
    const found = new Procedures(parser.sources, (range, text) => this.wrong(range, text));
    entries.forEach(e => found.readEntry(e.source, e.as));
    if (found.list.length === 0 && !this.failed) {
      this.wrong(entries[0].source.range.atEnd, "no function that could be a procedure: none is exported, or all are private");
    }
    if (this.program.options.runtime === STUB) {
      this.wrong(entries[0].source.range.atEnd, "the runtime stub would take pages that the host adds: use incremental, or minimal");
    }
    if (this.failed) return;
    const heap = parser.sources.find(s => s.normalizedPath === "~lib/rt/tlsf.ts");
    if (heap !== undefined) heap.statements.find(s => s.name?.text === "__alloc").name.text = "__helios_alloc";
    const form = this.addExports(parser, exportsSource(found.list, entries, heap !== undefined));
    parser.sources.filter(s => s.sourceKind === USER || s.sourceKind === USER_ENTRY).forEach(s => this.keepThrown(s, form));
    parser.sources.filter(s => s.normalizedPath === "~lib/rt/common.ts").forEach(s => this.leaveOutChecks(s));
    parser.sources.filter(s => ALLOCATORS.has(s.normalizedPath)).forEach(s => this.nameNoMemory(s));
    entries.forEach(e => { e.source.sourceKind = USER; }); // its functions are no longer the module's exports
    parser.sources.find(s => s.normalizedPath === EXPORTS).sourceKind = USER_ENTRY;
    this.alias();
    this.manifest = manifestOf(found.list, found.capabilities, entries[0].source.simplePath);
  }

  afterCompile(module) {
    if (this.manifest === undefined) return;
    for (let i = 0; i < module.getNumFunctions(); i++) {
      const f = this.binaryen.getFunctionInfo(module.getFunctionByIndex(i));
      const ours = f.module === "env" && JAVASCRIPT.find(([prefix]) => f.base.startsWith(prefix));
      if (ours) this.wrong(null, `${f.base} asks a JavaScript host, which a database is not: use ${ours[1]} of heliosdb-as`);
    }
    module.addCustomSection("helios.manifest", new TextEncoder().encode(this.manifest));
  }

  // ---- the work ----

  wrong(range, text) {
    this.failed = true;
    this.program.error(TRANSFORM, range, "heliosdb", text);
  }

  // Parses the exports; gives the `new Error(...)` of its form for throw.
  addExports(parser, text) {
    parser.parseFile(text, EXPORTS, true);
    const source = parser.sources.find(s => s.normalizedPath === EXPORTS);
    return source.statements.find(s => s.kind === Kind.FunctionDeclaration && s.name.text === "$form").body.statements[0].value;
  }

  // These would be imports of JavaScript's host: the SDK has them.
  alias() {
    const options = this.program.options;
    options.globalAliases ??= new Map();
    for (const [name, ours] of [["abort", "errors/abort"], ["seed", "host/seed"], ["trace", "host/trace"]]) {
      options.globalAliases.set(name, `${ASSEMBLY}/${ours}`);
    }
  }

  // The runtime checks itself with assertions, which cost half of its time, as long as DEBUG is true.
  leaveOutChecks(source) {
    const all = source.statements.filter(s => s.kind === Kind.Variable).flatMap(s => s.declarations);
    all.find(d => d.name.text === "DEBUG").initializer.kind = Kind.False;
  }

  // The allocators say `unreachable()` where memory is out, and nowhere else.
  nameNoMemory(node) {
    if (node.kind === Kind.Call && node.expression.text === "unreachable") node.expression.text = "__helios_no_memory";
    children(node).forEach(child => this.nameNoMemory(child));
  }

  // asc compiles of `throw new X(a, b)` only a, which must be text, and of `throw x` nothing. All but errors of the
  // standard library become `throw new Error(__helios_thrown(x))`.
  keepThrown(node, form) {
    if (node.kind === Kind.Throw && !(node.value.kind === Kind.New && PLAIN.has(node.value.typeName.identifier.text))) {
      const [call] = form.args;
      const thrown = Object.assign(Object.create(Object.getPrototypeOf(call)), call, { args: [node.value], range: node.range });
      node.value = Object.assign(Object.create(Object.getPrototypeOf(form)), form, { args: [thrown], range: node.range });
      return;
    }
    children(node).forEach(child => this.keepThrown(child, form));
  }
}

function children(node) {
  return Object.entries(node).filter(([name]) => name !== "range").flatMap(([, value]) => value)
    .filter(child => child !== null && typeof child === "object" && "kind" in child && "range" in child);
}
