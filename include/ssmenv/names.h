/*
 * Which environment variables may be set, and which never.
 *
 * Whoever can write a parameter could otherwise run code in every session: sshd, su and login put
 * the PAM environment last and unfiltered, and sudo does not apply env_delete to it. So a name on
 * names_denied is refused by the configuration and refused again by the module; no configuration
 * shortens the list. Names on names_redirecting (proxies, and what steers AWS's own tools) have
 * honest uses and are set only when the administrator wrote them out, never by an import.
 *
 * A trailing * in a table stands for any rest, also an empty one. Names are case-sensitive, except
 * where the tools that read them are not (proxies), where both spellings are listed.
 */
#ifndef SSMENV_NAMES_H
#define SSMENV_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "ssmenv/limits.h"

/* clang-format off */
static const char *const names_denied[] = {
    /* The dynamic loader and libc obey these before main() runs (glibc sysdeps/generic/unsecvars.h). */
    "LD_*", "MALLOC_*", "_RLD*", "GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES", "HOSTALIASES",
    "LOCALDOMAIN", "LOCPATH", "NIS_PATH", "NLSPATH", "RESOLV_HOST_CONF", "RES_OPTIONS", "TMPDIR",
    "TZDIR", "PATH_LOCALE", "LIBPATH", "SHLIB_PATH", "LDR_*", "DYLD_*", "AUTHSTATE",
    /* Interpreters run code named by these (sudo plugins/sudoers/env.c, initial_badenv_table). */
    "IFS", "CDPATH", "ENV", "BASH_ENV", "BASH_FUNC_*", "BASHOPTS", "SHELLOPTS", "GLOBIGNORE", "PS0",
    "PS1", "PS2", "PS4", "PROMPT_COMMAND", "FPATH", "NULLCMD", "READNULLCMD", "ZDOTDIR",
    "TMPPREFIX", "TERMINFO", "TERMINFO_DIRS", "TERMPATH", "TERMCAP", "KRB5_CONFIG*", "KRB5_KTNAME",
    "KRB5CCNAME", "KRB_CONF", "VAR_ACE", "USR_ACE", "DLC_ACE", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS", "CLASSPATH", "PERL_*", "PERLIO_DEBUG", "PERLLIB", "PERL5LIB", "PERL5OPT",
    "PERL5DB", "PYTHON*", "RUBY*", "NODE_OPTIONS", "NODE_PATH", "NPM_CONFIG_*",
    "DOTNET_STARTUP_HOOKS", "LUA_PATH", "LUA_CPATH", "LUA_INIT", "GIT_*",
    /* The service manager owns these (systemd src/core/manager.c, sanitize_environment). */
    "CACHE_DIRECTORY", "CONFIGURATION_DIRECTORY", "CREDENTIALS_DIRECTORY", "EXIT_CODE",
    "EXIT_STATUS", "INVOCATION_ID", "JOURNAL_STREAM", "LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID",
    "LISTEN_PIDFDID", "LOGS_DIRECTORY", "MAINPID", "MANAGERPID", "NOTIFY_SOCKET", "PIDFILE",
    "REMOTE_ADDR", "REMOTE_PORT", "RUNTIME_DIRECTORY", "SERVICE_RESULT", "STATE_DIRECTORY",
    "WATCHDOG_PID", "WATCHDOG_USEC", "SYSTEMD_*",
    /* They say who and where the session is (shadow lib/env.c, util-linux lib/env.c, openssh session.c). */
    "PATH", "HOME", "SHELL", "USER", "LOGNAME", "LOGIN", "MAIL", "PWD", "OLDPWD", "SHLVL", "UID",
    "EUID", "PPID", "TERM", "TTY", "HUSHLOGIN", "LANG", "LANGUAGE", "LC_*", "XDG_*", "DBUS_*",
    "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "SUDO_*", "PAM_*", "SSH_*", "GPG_AGENT_INFO",
    "POLKIT_*", "MOTD_SHOWN",
    /* Common tools run a program or trust a file named by these. */
    "EDITOR", "VISUAL", "PAGER", "MANPAGER", "LESS", "LESSOPEN", "LESSCLOSE", "BROWSER",
    "RSYNC_RSH", "OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES", "SSL_CERT_FILE",
    "SSL_CERT_DIR", "SSLKEYLOGFILE", "CURL_HOME", "CURL_CA_BUNDLE", "CURL_SSL_BACKEND", "NETRC",
    "QLOGDIR", "GTK_MODULES", "GTK_PATH", "QT_PLUGIN_PATH", "GIO_EXTRA_MODULES",
    "GSETTINGS_SCHEMA_DIR", "VIMINIT", "EXINIT", "INPUTRC", "WGETRC",
    NULL};

static const char *const names_redirecting[] = {
    "http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy",
    "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY", "AWS_*",
    NULL};
/* clang-format on */

static inline bool names_table_has(const char *const *table, const char *name, size_t length)
{
    for (; length > 0 && *table != NULL; table++) {
        size_t entry_length;
        bool prefix;

        if ((*table)[0] != name[0])
            continue;
        entry_length = strlen(*table);
        prefix = (*table)[entry_length - 1] == '*';
        if (prefix)
            entry_length--;
        if ((prefix ? length >= entry_length : length == entry_length) &&
            memcmp(*table, name, entry_length) == 0)
            return true;
    }
    return false;
}

/* [A-Za-z_][A-Za-z0-9_]*, 1 to LIMIT_NAME_BYTES bytes (POSIX.1-2017, Base Definitions 3.235). */
static inline bool name_is_valid(const char *name, size_t length)
{
    if (length == 0 || length > LIMIT_NAME_BYTES || (name[0] >= '0' && name[0] <= '9'))
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = name[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              c == '_'))
            return false;
    }
    return true;
}

/* Never to be set, by whomever. */
static inline bool name_is_denied(const char *name, size_t length)
{
    return names_table_has(names_denied, name, length);
}

/* Set only when written out in the configuration. */
static inline bool name_is_redirecting(const char *name, size_t length)
{
    return names_table_has(names_redirecting, name, length);
}

#endif
