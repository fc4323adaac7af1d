/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_sql.c: running prepared statements, and SQLite's result codes as errno values. */
#include <errno.h>
#include <stdarg.h>

#include "store/sqlite_store.h"

int sql_errno(sqlite3 *db, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return -EBADMSG;
    case SQLITE_CONSTRAINT:
        return -ENOTUNIQ;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_TOOBIG:
        return -EFBIG;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: {
        int number = db ? sqlite3_system_errno(db) : 0;
        return number == EDQUOT ? -ENOSPC : number > 0 ? -number : -EIO;
    }
    default:
        return -EIO;
    }
}

static int bind_one(sqlite3_stmt *stmt, int index, char type, va_list *args)
{
    switch (type) {
    case 'i':
        return sqlite3_bind_int64(stmt, index, va_arg(*args, int64_t));
    case 't':
        return sqlite3_bind_text(stmt, index, va_arg(*args, const char *), -1, SQLITE_STATIC);
    default: {
        const void *data = va_arg(*args, const void *);
        return sqlite3_bind_blob64(stmt, index, data ? data : "", va_arg(*args, size_t), SQLITE_STATIC);
    }
    }
}

static int bind_all(sqlite3_stmt *stmt, const char *types, va_list *args)
{
    for (int i = 0; types[i]; i++) {
        int rc = bind_one(stmt, i + 1, types[i], args);
        if (rc != SQLITE_OK)
            return sql_errno(sqlite3_db_handle(stmt), rc);
    }
    return 0;
}

int sql_bind(sqlite3_stmt *stmt, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    int r = bind_all(stmt, types, &args);
    va_end(args);
    return r;
}

int sql_run(struct sqlite_store *s, enum statement id, const char *types, ...)
{
    sqlite3_stmt *stmt = s->statements[id];
    va_list args;
    va_start(args, types);
    int r = bind_all(stmt, types, &args);
    va_end(args);
    int rc;
    while (r == 0 && (rc = sqlite3_step(stmt)) != SQLITE_DONE)
        if (rc != SQLITE_ROW)
            r = sql_errno(s->db, rc);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt); /* they point to the callers' bytes */
    return r;
}

int sql_row(struct sqlite_store *s, sqlite3_stmt **ret, enum statement id, const char *types, ...)
{
    sqlite3_stmt *stmt = s->statements[id];
    va_list args;
    va_start(args, types);
    int r = bind_all(stmt, types, &args);
    va_end(args);
    int rc = r == 0 ? sqlite3_step(stmt) : SQLITE_OK;
    if (rc == SQLITE_ROW) {
        *ret = stmt;
        return 1;
    }
    if (r == 0)
        r = sql_errno(s->db, rc);
    sqlite3_reset(stmt);
    return r;
}
