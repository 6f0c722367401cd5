/* nsm: sends one message to the Nitro Security Module. Reads the message from standard input until the end, writes the answer to standard output.
   For servers on Node, which cannot make this call themselves: nsmCommand('/usr/local/bin/nsm'). The call is the whole of the driver's interface
   (Linux, include/uapi/linux/nsm.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct nsm_iovec { uint64_t address, length; };
struct nsm_raw { struct nsm_iovec request, response; };
#define NSM_IOCTL_RAW _IOWR(0x0A, 0x0, struct nsm_raw)

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  return 1;
}

int main(void) {
  static unsigned char request[0x1000 + 1], response[0x3000];
  size_t length = fread(request, 1, sizeof request, stdin);
  if (ferror(stdin)) return fail("standard input");
  if (length == sizeof request) {
    fprintf(stderr, "a message has at most %zu bytes\n", sizeof request - 1);
    return 1;
  }
  int device = open("/dev/nsm", O_RDWR);
  if (device < 0) return fail("/dev/nsm");
  struct nsm_raw message = {
      {(uint64_t)(uintptr_t)request, length},
      {(uint64_t)(uintptr_t)response, sizeof response},
  };
  if (ioctl(device, NSM_IOCTL_RAW, &message) < 0) return fail("/dev/nsm");
  close(device);
  if (message.response.length > sizeof response) {
    fprintf(stderr, "/dev/nsm: the answer does not fit\n");
    return 1;
  }
  if (fwrite(response, 1, message.response.length, stdout) != message.response.length || fflush(stdout) != 0)
    return fail("standard output");
  return 0;
}
