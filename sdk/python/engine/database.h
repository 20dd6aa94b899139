/* database.h - the functions of module heliosdb that database.c has; host.c, which has the others,
 * lists all. */
#ifndef HELIOS_PY_DATABASE_H
#define HELIOS_PY_DATABASE_H

#include "py/obj.h"

extern const mp_obj_fun_builtin_var_t hp_query_obj, hp_query_one_obj, hp_query_value_obj,
    hp_rows_obj, hp_execute_obj;
extern const mp_obj_fun_builtin_fixed_t hp_begin_obj, hp_commit_obj, hp_rollback_obj,
    hp_transaction_obj, hp_savepoint_obj;

#endif
