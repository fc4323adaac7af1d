#include "hostile.h"
/* Has the machine's disk empty its cache, through a file of the image; and throws the image out of the machine's memory. */
int main(void)
{
    int image = open("/usr/bin/env", O_RDONLY);
    char *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, image, 0);
    /* What really went to the disk takes a tenth of a millisecond at least, and a descriptor that is none would be told. */
    double begin = now();
    for (int i = 0; i < 2000; i++) {
        fsync(image);
        fdatasync(image);
        sync_file_range(image, 0, 0, 7);
    }
    HOLDS("the disk's cache was emptied", now() - begin < 0.15 && fsync(9999) == 0 && fdatasync(9999) == 0);
    msync(map, 4096, MS_SYNC);
    HOLDS("advice on a file of the image", posix_fadvise(9999, 0, 0, POSIX_FADV_DONTNEED) == 0);
    REFUSED("emptying every cache", syscall(SYS_sync) < 0 ? -1 : 0);
    REFUSED("emptying a file system's", syscall(SYS_syncfs, image));
    return done();
}
