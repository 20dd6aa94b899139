/* ddl_test.c - lexer, options and parser of the statements that are ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ddl/ddl.h"
#include "ddl/lexer.h"

static hrt_ddl ddl;
static helios_error err;

static int parse(const char *text) {
  hrt_error_clear(&err);
  return hrt_ddl_parse(&ddl, text, strlen(text), &err);
}

static void refused(const char *text, const char *message) {
  assert_int_equal(parse(text), HELIOS_E_SYNTAX);
  assert_int_equal(err.code, HELIOS_E_SYNTAX);
  if (strstr(err.text, message) == NULL) {
    fail_msg("%s\n  said: %s\n  not:  %s", text, err.text, message);
  }
  assert_true(err.offset <= strlen(text));
}

static void create__heliosdb_example(void **state) {
  (void)state;
  const char *sql =
      "CREATE PROCEDURE calculate_discount (\n  customer_id BIGINT,\n  order_total DECIMAL(10, "
      "2)\n)"
      "RETURNS DECIMAL\nLANGUAGE wasm\nAS $wasm$\n-- Base64 encoded WASM module or file path\n"
      "file://procedures/calculate_discount.wasm\n$wasm$; SELECT 1";
  assert_int_equal(parse(sql), 0);
  assert_int_equal(ddl.action, HRT_DDL_CREATE);
  assert_string_equal(ddl.def.name, "calculate_discount");
  assert_int_equal(ddl.def.param_count, 2);
  assert_string_equal(ddl.def.params[0].name, "customer_id");
  assert_string_equal(ddl.def.params[0].type.name, "BIGINT");
  assert_string_equal(ddl.def.params[1].type.name, "DECIMAL");
  assert_int_equal(ddl.def.params[1].type.length, 10);
  assert_int_equal(ddl.def.params[1].type.scale, 2);
  assert_string_equal(ddl.def.returns.name, "DECIMAL");
  assert_int_equal(ddl.source.kind, HRT_SOURCE_PATH);
  assert_int_equal(ddl.source.length, strlen("procedures/calculate_discount.wasm"));
  assert_memory_equal(ddl.source.at, "procedures/calculate_discount.wasm", ddl.source.length);
  assert_string_equal(sql + ddl.end, " SELECT 1");
}

static void create__every_clause_any_order(void **state) {
  (void)state;
  assert_int_equal(
      parse("create or replace function \"my \"\"f\" (a int, varchar(20), IN b double precision) "
            "AS X'0061736D' EXPORT 'sym''bol' LANGUAGE 'WASM' DETERMINISTIC CALLED ON NULL INPUT "
            "SECURITY PROFILE 'database_only' CAPABILITIES ('read:t', 'log') "
            "WITH (fuel_limit = 5, memory_limit='2MB', timeout TO '500ms', "
            "compilation_tier=baseline) "
            "RETURNS character varying(7)"),
      0);
  assert_true(ddl.or_replace && ddl.def.function && ddl.def.deterministic &&
              ddl.def.called_on_null);
  assert_string_equal(ddl.def.name, "my \"f");
  assert_int_equal(ddl.def.param_count, 3);
  assert_string_equal(ddl.def.params[1].name, "");
  assert_string_equal(ddl.def.params[1].type.name, "VARCHAR");
  assert_int_equal(ddl.def.params[1].type.length, 20);
  assert_string_equal(ddl.def.params[2].name, "b");
  assert_string_equal(ddl.def.params[2].type.name, "DOUBLE");
  assert_int_equal(ddl.source.kind, HRT_SOURCE_HEX);
  assert_int_equal(ddl.source.length, 8);
  assert_string_equal(ddl.def.export_name, "sym'bol");
  assert_string_equal(ddl.def.profile, "database_only");
  assert_int_equal(ddl.def.capability_count, 2);
  assert_string_equal(ddl.def.capabilities[1], "log");
  assert_int_equal(ddl.def.options[HRT_OPTION_FUEL_LIMIT], 5);
  assert_int_equal(ddl.def.options[HRT_OPTION_MEMORY_LIMIT], 2 << 20);
  assert_int_equal(ddl.def.options[HRT_OPTION_TIMEOUT], 500);
  assert_int_equal(ddl.def.options[HRT_OPTION_COMPILATION_TIER], 1);
  assert_string_equal(ddl.def.returns.name, "CHARACTER");
  assert_int_equal(ddl.def.returns.length, 7);
}

static void create__sources(void **state) {
  (void)state;
  static const struct {
    const char *text;
    hrt_source_kind kind;
    const char *body;
  } cases[] = {
      {"'/procs/x.wasm'", HRT_SOURCE_PATH, "/procs/x.wasm"},
      {"'file:///procs/x.so'", HRT_SOURCE_PATH, "/procs/x.so"},
      {"'AGFzbQEAAAA='", HRT_SOURCE_BASE64, "AGFzbQEAAAA="},
      {"$$ f0VMRgIB\nAQAA $$", HRT_SOURCE_BASE64, "f0VMRgIB\nAQAA"},
      {"$a$ $b$ c.wasm $b$ $a$", HRT_SOURCE_PATH, "$b$ c.wasm $b$"},
      {"x'00 61'", HRT_SOURCE_HEX, "00 61"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char sql[256];
    snprintf(sql, sizeof sql, "CREATE FUNCTION f LANGUAGE wasm AS %s", cases[i].text);
    assert_int_equal(parse(sql), 0);
    assert_int_equal(ddl.source.kind, cases[i].kind);
    assert_int_equal(ddl.source.length, strlen(cases[i].body));
    assert_memory_equal(ddl.source.at, cases[i].body, ddl.source.length);
    assert_false(ddl.params_given);
  }
}

static void create__defaults(void **state) {
  (void)state;
  assert_int_equal(
      parse("CREATE FUNCTION f(a int, b decimal(10,2) DEFAULT -1.5e-3, c text = 'it''s', "
            "BLOB default x'00', e BOOLEAN = true, f int DEFAULT null) LANGUAGE wasm AS "
            "'x'"),
      0);
  assert_string_equal(ddl.def.params[0].fallback, "");
  assert_string_equal(ddl.def.params[1].fallback, "-1.5e-3");
  assert_string_equal(ddl.def.params[2].fallback, "'it''s'");
  assert_string_equal(ddl.def.params[3].fallback, "x'00'");
  assert_string_equal(ddl.def.params[4].fallback, "true");
  assert_string_equal(ddl.def.params[5].fallback, "null");
  assert_int_equal(hrt_definition_required(&ddl.def), 1);
  static const struct {
    const char *literal;
    const char *message;
  } cases[] = {
      {"", "\")\" (byte 32): expected a literal"},
      {"now()", "\"now\" (byte 32): expected a literal"},
      {"1e", "expected a literal"},
      {"1e -3", "expected a literal"},
      {"- -1", "expected a literal"},
      {"0x10", "expected a literal"},
      {"X'0'", "expected a literal"},
      {"\"a\"", "expected a literal"},
      {"(1)", "expected a literal"},
      {"$$a$$", "expected a literal"},
      {"1 + 1", "\"+\" (byte 34): expected ',' or ')'"},
      {"1, b INT", "\"b\" (byte 35): the parameter needs a DEFAULT"},
      {"1, A INT = 1", "\"A\" (byte 35): the parameter has the name of an earlier one"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char sql[256];
    snprintf(sql, sizeof sql, "CREATE FUNCTION f(a INT DEFAULT %s) LANGUAGE wasm AS 'x'",
             cases[i].literal);
    refused(sql, cases[i].message);
  }
  char sql[400] = "CREATE FUNCTION f(a TEXT = '";
  memset(sql + strlen(sql), 'x', HRT_DEFAULT_BYTES - 2);
  strcat(sql, "') LANGUAGE wasm AS 'x'");
  refused(sql, "at most 127 bytes");
}

static void create__tables(void **state) {
  (void)state;
  assert_int_equal(
      parse("CREATE FUNCTION f(a int) RETURNS TABLE (id BIGINT, \"my name\" VARCHAR(20), d "
            "DECIMAL(10, 2)) LANGUAGE wasm AS 'x'"),
      0);
  assert_int_equal(ddl.def.column_count, 3);
  assert_string_equal(ddl.def.columns[1].name, "my name");
  assert_string_equal(ddl.def.columns[1].type.name, "VARCHAR");
  assert_int_equal(ddl.def.columns[2].type.scale, 2);
  assert_string_equal(ddl.def.returns.name, "");
  static const struct {
    const char *columns;
    const char *message;
  } cases[] = {
      {"()", "\")\" (byte 40): expected a column's name"},
      {"", "\"LANGUAGE\" (byte 40): expected '('"},
      {"(b INT", "expected ',' or ')' after a column"},
      {"(b)", "expected a type"},
      {"(b INT, B INT)", "\"B\" (byte 47): the column has the name of an earlier one"},
      {"(A INT)", "\"A\" (byte 40): the column has the name of a parameter"},
      {"(b INT DEFAULT 1)", "\"DEFAULT\" (byte 46): expected ',' or ')'"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char sql[256];
    snprintf(sql, sizeof sql, "CREATE FUNCTION f(a INT) RETURNS TABLE %s LANGUAGE wasm AS 'x'",
             cases[i].columns);
    refused(sql, cases[i].message);
  }
}

static void create__sql(void **state) {
  (void)state;
  assert_int_equal(parse("CREATE PROCEDURE f(a INT) LANGUAGE 'SQL' AS $$ SELECT :a $$"), 0);
  assert_true(ddl.def.sql);
  assert_int_equal(ddl.source.text_length, 11);
  assert_memory_equal(ddl.source.text, " SELECT :a ", 11);
  assert_int_equal(parse("CREATE PROCEDURE f(a INT) LANGUAGE wasm AS X'00'"), 0);
  assert_false(ddl.def.sql);
  assert_null(ddl.source.text);
  refused("CREATE PROCEDURE f LANGUAGE slq AS $$ SELECT 1 $$", "expected wasm or sql");
  assert_string_equal(err.hint, "did you mean sql?");
  refused("CREATE PROCEDURE f EXPORT 'x' LANGUAGE sql AS 'y'",
          "\"EXPORT\" (byte 19): this clause is not for LANGUAGE sql");
  refused("CREATE PROCEDURE f LANGUAGE sql CAPABILITIES ('log') AS 'y'", "(byte 32)");
  refused("CREATE PROCEDURE f LANGUAGE sql DETERMINISTIC AS 'y'", "is not for LANGUAGE sql");
  refused("CREATE PROCEDURE f LANGUAGE sql AS 'y' SECURITY PROFILE 'minimal'",
          "is not for LANGUAGE sql");
}

static void create__aggregates(void **state) {
  (void)state;
  assert_int_equal(parse("CREATE OR REPLACE AGGREGATE a(x INT) RETURNS REAL LANGUAGE wasm AS 'x'"),
                   0);
  assert_true(ddl.def.aggregate && !ddl.def.function && ddl.or_replace);
  assert_int_equal(parse("DROP AGGREGATE IF EXISTS a"), 0);
  assert_int_equal(parse("ALTER AGGREGATE a USE VERSION 1"), 0);
  refused("CREATE AGGREGATE a RETURNS INT LANGUAGE wasm AS 'x'", "expected parameters and RETURNS");
  refused("CREATE AGGREGATE a(x INT) LANGUAGE wasm AS 'x'", "expected parameters and RETURNS");
  refused("CREATE AGGREGATE a(x INT) RETURNS INT LANGUAGE sql AS 'SELECT 1'", "written in wasm");
  refused("CREATE AGGREGATE a(x INT) RETURNS TABLE (b INT) LANGUAGE wasm AS 'x'",
          "does not return a table");
  refused("CREATE AGREGATE a", "expected PROCEDURE, FUNCTION or AGGREGATE");
  assert_string_equal(err.hint, "did you mean AGGREGATE?");
}

static void alter__forms(void **state) {
  (void)state;
  assert_int_equal(parse("ALTER PROCEDURE f VERSION 2 AS '/x.wasm'"), 0);
  assert_int_equal(ddl.action, HRT_DDL_ADD_VERSION);
  assert_int_equal(ddl.def.version, 2);
  assert_int_equal(parse("ALTER FUNCTION f USE VERSION 1;"), 0);
  assert_int_equal(ddl.action, HRT_DDL_USE_VERSION);
  assert_int_equal(parse("ALTER PROCEDURE f SET SOURCE '/y.wasm'"), 0);
  assert_int_equal(ddl.action, HRT_DDL_ADD_VERSION);
  assert_int_equal(ddl.def.version, 0);
  assert_int_equal(parse("ALTER PROCEDURE f SET SECURITY PROFILE 'minimal'"), 0);
  assert_int_equal(ddl.action, HRT_DDL_SET_PROFILE);
  assert_string_equal(ddl.def.profile, "minimal");
  assert_int_equal(parse("ALTER PROCEDURE f SET fuel_limit = 100"), 0);
  assert_int_equal(ddl.action, HRT_DDL_SET_OPTION);
  assert_int_equal(ddl.def.options_given, 1u << HRT_OPTION_FUEL_LIMIT);
  assert_int_equal(
      parse("ALTER FUNCTION f GRANT CAPABILITY DATABASE_READ('orders'), 'log', CLOCK_ACCESS"), 0);
  assert_int_equal(ddl.action, HRT_DDL_GRANT);
  assert_int_equal(ddl.def.capability_count, 3);
  assert_string_equal(ddl.def.capabilities[0], "DATABASE_READ('orders')");
  assert_string_equal(ddl.def.capabilities[2], "CLOCK_ACCESS");
  assert_int_equal(parse("ALTER FUNCTION f REVOKE CAPABILITY 'log'"), 0);
  assert_int_equal(ddl.action, HRT_DDL_REVOKE);
}

static void alter__canary(void **state) {
  (void)state;
  assert_int_equal(parse("ALTER PROCEDURE f CANARY VERSION 3 PERCENT 10"), 0);
  assert_int_equal(ddl.action, HRT_DDL_CANARY);
  assert_int_equal(ddl.def.version, 3);
  assert_int_equal(ddl.canary_percent, 10);
  assert_true(ddl.canary_error_rate == 0);
  assert_int_equal(
      parse("alter function f canary version 3 percent 100 rollback on error rate 0.5 %;"), 0);
  assert_int_equal(ddl.canary_percent, 100);
  assert_true(ddl.canary_error_rate == 0.5);
  assert_int_equal(parse("ALTER PROCEDURE f REBUILD"), 0);
  assert_int_equal(ddl.action, HRT_DDL_REBUILD);
  assert_int_equal(parse("ALTER PROCEDURE f REBUILD CASCADE"), HELIOS_E_SYNTAX);
  assert_int_equal(parse("ALTER PROCEDURE f PROMOTE"), 0);
  assert_int_equal(ddl.action, HRT_DDL_PROMOTE);
  assert_int_equal(parse("ALTER PROCEDURE f ROLLBACK;"), 0);
  assert_int_equal(ddl.action, HRT_DDL_ROLLBACK);
  refused("ALTER PROCEDURE f CANARY 3", "\"3\" (byte 25): expected VERSION");
  refused("ALTER PROCEDURE f CANARY VERSION 0 PERCENT 1", "versions count from 1");
  refused("ALTER PROCEDURE f CANARY VERSION 3", "expected PERCENT");
  refused("ALTER PROCEDURE f CANARY VERSION 3 PERCENT 0", "\"0\" (byte 43)");
  refused("ALTER PROCEDURE f CANARY VERSION 3 PERCENT 101", "from 1 to 100");
  refused("ALTER PROCEDURE f CANARY VERSION 3 PERCENT 1.5", "from 1 to 100");
  refused("ALTER PROCEDURE f CANARY VERSION 3 PERCENT 1 ROLLBACK ON EROR RATE 1%",
          "expected ERROR");
  assert_string_equal(err.hint, "did you mean ERROR?");
  static const char *const rates[] = {"", "0%", "101%", "1.2.3%", "-1%", "'1%'", "1", "0x1%", ".%"};
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    char sql[128];
    snprintf(sql, sizeof sql,
             "ALTER PROCEDURE f CANARY VERSION 3 PERCENT 1 ROLLBACK ON ERROR RATE %s", rates[i]);
    refused(sql, "expected ");
  }
}

static void cascade__where_a_version_becomes_current(void **state) {
  (void)state;
  static const char *const with[] = {"ALTER FUNCTION f VERSION 2 AS '/x' CASCADE",
                                     "ALTER FUNCTION f USE VERSION 2 CASCADE;",
                                     "ALTER FUNCTION f SET SOURCE '/x' CASCADE",
                                     "ALTER FUNCTION f PROMOTE CASCADE",
                                     "ALTER FUNCTION f ROLLBACK CASCADE",
                                     "CREATE OR REPLACE FUNCTION f LANGUAGE wasm AS '/x' CASCADE"};
  for (size_t i = 0; i < sizeof with / sizeof *with; i++) {
    assert_int_equal(parse(with[i]), 0);
    assert_true(ddl.cascade);
  }
  refused("ALTER FUNCTION f CANARY VERSION 2 PERCENT 1 CASCADE", "expected the end");
  refused("CREATE FUNCTION f LANGUAGE wasm AS '/x' CASCADE", "expected ");
  refused("CREATE OR REPLACE FUNCTION f CASCADE LANGUAGE wasm AS '/x'", "expected ");
}

static void drop__forms(void **state) {
  (void)state;
  assert_int_equal(parse("DROP PROCEDURE f"), 0);
  assert_false(ddl.if_exists || ddl.cascade);
  assert_int_equal(parse("DROP FUNCTION IF EXISTS [my f] CASCADE;"), 0);
  assert_true(ddl.if_exists && ddl.cascade);
  assert_string_equal(ddl.def.name, "my f");
}

static void call__keeps_arguments(void **state) {
  (void)state;
  const char *sql = "CALL f(1, g('x)', (SELECT 2)), \")\") ; SELECT 3";
  assert_int_equal(parse(sql), 0);
  assert_int_equal(ddl.action, HRT_DDL_CALL);
  assert_string_equal(ddl.def.name, "f");
  assert_int_equal(ddl.call_length, strlen("(1, g('x)', (SELECT 2)), \")\")"));
  assert_memory_equal(sql + ddl.call, "(1, g(", 6);
  assert_string_equal(sql + ddl.end, " SELECT 3");
  refused("CALL f(1", "expected ')'");
  refused("CALL f", "expected '('");
  refused("CALL f(1) 2", "expected the end of the statement");
}

static void errors__say_where_and_what(void **state) {
  (void)state;
  refused("CREATE PROCEDURE f LANGUGE wasm AS 'x'", "\"LANGUGE\" (byte 19)");
  assert_string_equal(err.hint, "did you mean LANGUAGE?");
  assert_int_equal(err.offset, 19);
  refused("ALTER PROCEDURE f USE VERSION 0", "versions count from 1");
  assert_int_equal(err.offset, 30);
  refused("ALTER PROCEDURE f VERSION 0 AS 'x'", "versions count from 1");
  refused("CREATE PROCEDURE main.f() LANGUAGE wasm AS 'x'", "(byte 21)");
  assert_string_equal(err.hint, "");
  refused("CREATE PROCEDURE f() LANGUAGE wasm WITH (memory_limit = '63KB') AS 'x'",
          "64KB at least");
  refused("CREATE PROCEDUR f", "expected PROCEDURE, FUNCTION or AGGREGATE");
  assert_string_equal(err.hint, "did you mean PROCEDURE?");
  refused("CREATE PROCEDURE f(a BIGINT b) LANGUAGE wasm AS 'x'", "expected ',' or ')'");
  refused("CREATE PROCEDURE f() LANGUAGE wasm", "expected AS and a source");
  refused("CREATE PROCEDURE f() AS 'x'", "expected LANGUAGE wasm");
  refused("CREATE PROCEDURE f() LANGUAGE wasm LANGUAGE wasm AS 'x'", "given before");
  refused("CREATE PROCEDURE f() STRICT CALLED ON NULL INPUT LANGUAGE wasm AS 'x'", "contradicts");
  refused("CREATE PROCEDURE f() LANGUAGE wasm AS 'x", "never ends");
  refused("CREATE PROCEDURE f() LANGUAGE wasm AS $a$ x $b$", "never ends");
  refused("CREATE PROCEDURE f() LANGUAGE wasm AS ''", "is empty");
  refused("CREATE PROCEDURE f() LANGUAGE wasm AS $$ -- nothing\n $$", "is empty");
  refused("CREATE PROCEDURE \"\" LANGUAGE wasm AS 'x'", "is empty");
  refused("CREATE PROCEDURE \"a\nb\" LANGUAGE wasm AS 'x'", "control characters");
  refused("CREATE PROCEDURE f LANGUAGE wasm AS 'x' /* open", "never ends");
  refused("CREATE PROCEDURE f LANGUAGE wasm WITH (fule_limit=1) AS 'x'", "expected an option");
  assert_string_equal(err.hint, "did you mean fuel_limit?");
  refused("CREATE PROCEDURE f LANGUAGE wasm WITH (fuel_limit=1, fuel_limit=2) AS 'x'",
          "given before");
  refused("ALTER PROCEDURE f VERSION 0 AS 'x'", "count from 1");
  refused("ALTER PROCEDURE f VERSION 99999999999999999999 AS 'x'", "a version number");
  refused("ALTER PROCEDURE f VERSION 1x AS 'x'", "a version number");
  refused("ALTER PROCEDURE f FROB", "expected VERSION");
  refused("DROP PROCEDURE IF f", "expected EXISTS");
  refused("", "end of the statement");
}

static void errors__clauses_not_ready(void **state) {
  (void)state;
  static const char *const statements[] = {
      "CREATE FUNCTION f() LANGUAGE python AS $$ print() $$",
      "CREATE FUNCTION f(OUT a INT) LANGUAGE wasm AS 'x'",
  };
  for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
    refused(statements[i], "not supported yet: ");
  }
}

static void options__edges(void **state) {
  (void)state;
  static const struct {
    hrt_option option;
    const char *text;
    int64_t value; /* 0: refused */
  } cases[] = {
      {HRT_OPTION_FUEL_LIMIT, "1", 1},
      {HRT_OPTION_FUEL_LIMIT, "9223372036854775807", INT64_MAX},
      {HRT_OPTION_FUEL_LIMIT, "9223372036854775808", 0},
      {HRT_OPTION_FUEL_LIMIT, "99999999999999999999999", 0},
      {HRT_OPTION_FUEL_LIMIT, "0", 0},
      {HRT_OPTION_FUEL_LIMIT, "-1", 0},
      {HRT_OPTION_FUEL_LIMIT, "", 0},
      {HRT_OPTION_FUEL_LIMIT, "1.5", 0},
      {HRT_OPTION_MEMORY_LIMIT, "16MB", 16 << 20},
      {HRT_OPTION_MEMORY_LIMIT, "16 MiB", 16 << 20},
      {HRT_OPTION_MEMORY_LIMIT, "65536", 65536},
      {HRT_OPTION_MEMORY_LIMIT, "16XB", 0},
      {HRT_OPTION_MEMORY_LIMIT, "99999999999GB", 0},
      {HRT_OPTION_TIMEOUT, "10s", 10000},
      {HRT_OPTION_TIMEOUT, "500ms", 500},
      {HRT_OPTION_TIMEOUT, "2min", 120000},
      {HRT_OPTION_TIMEOUT, "10", 0}, /* of what? */
      {HRT_OPTION_LOG_LEVEL, "WARN", 2},
      {HRT_OPTION_LOG_LEVEL, "loud", 0},
      {HRT_OPTION_PRECOMPILE, "on", 1},
      {HRT_OPTION_PRECOMPILE, "maybe", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t value = 0;
    hrt_error_clear(&err);
    int status =
        hrt_option_parse(&value, cases[i].option, cases[i].text, strlen(cases[i].text), &err);
    assert_int_equal(status, cases[i].value == 0 ? HELIOS_E_SYNTAX : 0);
    if (status == 0) {
      assert_int_equal(value, cases[i].value);
    } else {
      assert_non_null(strstr(err.text, hrt_option_name(cases[i].option)));
    }
  }
  char word[16];
  assert_string_equal(hrt_option_choice(HRT_OPTION_LOG_LEVEL, 2, word, sizeof word), "warn");
  assert_string_equal(hrt_option_choice(HRT_OPTION_LOG_LEVEL, 99, word, sizeof word), "");
}

static void is__only_ours(void **state) {
  (void)state;
  static const char *const ours[] = {
      "CREATE PROCEDURE f",
      " /* c */ create\tor replace function f",
      "-- x\nALTER PROCEDURE f",
      "drop function f",
      "CALL f()",
      "CREATE AGGREGATE a",
      "DROP EXTENSION e",
  };
  static const char *const theirs[] = {
      "",
      "SELECT 1",
      "CREATE TABLE procedure(a)",
      "CREATE",
      "ALTER TABLE t ADD b",
      "DROP TABLE t",
      "CREATE TRIGGER t",
      "'CREATE PROCEDURE f'",
      "\"CALL\" x",
      "CREATE OR REPLACE VIEW v",
  };
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
    assert_true(hrt_ddl_is(ours[i], strlen(ours[i])));
  }
  for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
    assert_false(hrt_ddl_is(theirs[i], strlen(theirs[i])));
  }
}

static void extent__sees_quotes(void **state) {
  (void)state;
  const char *sql = "CREATE FUNCTION f AS $a$ ; $b$ ; $a$ ';' \";\" [;] `;` /* ; */ -- ;\n ;x";
  size_t end;
  assert_true(hrt_ddl_extent(&end, sql, strlen(sql)));
  assert_string_equal(sql + end, "x");
  assert_false(hrt_ddl_extent(&end, "a 'b;", 5));
  assert_int_equal(end, 5);
  assert_false(hrt_ddl_extent(&end, "", 0));
  assert_true(hrt_ddl_blank(" ; -- x\n /* */;", 15));
  assert_false(hrt_ddl_blank(" ; x", 4));
  assert_false(hrt_ddl_blank("/*", 2));
}

/* Every prefix and every one-byte change of a statement ends, with an error or without. */
static void parser__survives_damage(void **state) {
  (void)state;
  const char *sql = "CREATE OR REPLACE PROCEDURE f(a DECIMAL(10,2), b TEXT) RETURNS JSON LANGUAGE "
                    "wasm EXPORT 'e' "
                    "CAPABILITIES ('read:t') WITH (timeout='1s') AS $w$ AGFzbQ== $w$;";
  static const char bytes[] = "'\"$;()\0[x1\xff";
  size_t n = strlen(sql);
  char copy[256];
  for (size_t i = 0; i <= n; i++) {
    hrt_error_clear(&err);
    int status = hrt_ddl_parse(&ddl, sql, i, &err);
    assert_true((status == 0) == (i >= n - 1));
    assert_true((status == 0) == (err.text[0] == 0));
    for (size_t k = 0; i < n && k < sizeof bytes - 1; k++) {
      memcpy(copy, sql, n);
      copy[i] = bytes[k];
      hrt_error_clear(&err);
      status = hrt_ddl_parse(&ddl, copy, n, &err);
      assert_true((status == 0) == (err.text[0] == 0));
      assert_true(ddl.end <= n);
    }
  }
}

static void limits__lists(void **state) {
  (void)state;
  char sql[8192] = "CREATE FUNCTION f(";
  for (int i = 0; i < HRT_PARAMS_MAX; i++) {
    strcat(sql, i ? ",INT" : "INT");
  }
  size_t at = strlen(sql);
  strcpy(sql + at, ") LANGUAGE wasm AS 'x'");
  assert_int_equal(parse(sql), 0);
  assert_int_equal(ddl.def.param_count, HRT_PARAMS_MAX);
  strcpy(sql + at, ",INT) LANGUAGE wasm AS 'x'");
  refused(sql, "at most 100 parameters");
  char name[HRT_NAME_BYTES + 1];
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = 0;
  snprintf(sql, sizeof sql, "DROP FUNCTION %s", name);
  refused(sql, "too long");
  snprintf(sql, sizeof sql, "DROP FUNCTION %s", name + 1);
  assert_int_equal(parse(sql), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(create__heliosdb_example),
      cmocka_unit_test(create__every_clause_any_order),
      cmocka_unit_test(create__sources),
      cmocka_unit_test(create__defaults),
      cmocka_unit_test(create__tables),
      cmocka_unit_test(create__sql),
      cmocka_unit_test(create__aggregates),
      cmocka_unit_test(alter__forms),
      cmocka_unit_test(alter__canary),
      cmocka_unit_test(cascade__where_a_version_becomes_current),
      cmocka_unit_test(drop__forms),
      cmocka_unit_test(call__keeps_arguments),
      cmocka_unit_test(errors__say_where_and_what),
      cmocka_unit_test(errors__clauses_not_ready),
      cmocka_unit_test(options__edges),
      cmocka_unit_test(is__only_ours),
      cmocka_unit_test(extent__sees_quotes),
      cmocka_unit_test(parser__survives_damage),
      cmocka_unit_test(limits__lists),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
