/* sqlite_api.h - SQLite as the engine sees it; lives in host/, which needs it too. */
#include "host/sqlite_api.h"
