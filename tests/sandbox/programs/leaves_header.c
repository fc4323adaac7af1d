#include "hostile.h"
/* Plants what a later compiler would find: headers, libraries, configuration, caches. The next submission looks for them. */
static void plant(const char *path, const char *text)
{
    char copy[256];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *s = copy + 1; (s = strchr(s, '/')); *s++ = '/') {
        *s = '\0';
        mkdir(copy, 0777);
    }
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0777);
    if (fd >= 0)
        (void)!write(fd, text, strlen(text));
    close(fd);
}
int main(void)
{
    static const char *const places[] = {"/box/work/evalx_planted.h", "/tmp/evalx_planted.h", "/dev/shm/evalx_planted.h", "/box/evalx_planted.h", "/artifact/evalx_planted.h",
                                         "/usr/local/include/evalx_planted.h", "/box/work/.m2/settings.xml", "/tmp/go-cache/trim.txt", "/tmp/go/src/x/x.go", "/box/work/.cargo/config",
                                         "/box/work/.config/ccache", "/tmp/stdio.h", "/box/work/stdio.h", "/box/work/.npmrc", "/box/work/tsconfig.json", "/box/work/sitecustomize.py"};
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++)
        plant(places[i], "#define EVALX_PLANTED 1\n");
    return done();
}
