/* A library that stands in for the C library of an enclave: its `open`, `ioctl` and `close` are those of a Nitro Security Module which answers with
   what it was asked, so that a test sees every byte that went through. Also built as a program, it is the module of a helper that is linked to it. */
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

struct nsm_iovec { uint64_t address, length; };
struct nsm_raw { struct nsm_iovec request, response; };

static int opened;

int open(const char *path, int flags, ...) {
  if (strcmp(path, "/dev/nsm") != 0 || (flags & 3) != 2) return -1;
  opened++;
  return 7;
}

int close(int descriptor) {
  if (descriptor != 7) return -1;
  opened--;
  return 0;
}

/* The answer is { "Attestation": { "document": request } }, or the error that the module gives for a message it cannot read. */
int ioctl(int descriptor, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  struct nsm_raw *message = va_arg(list, struct nsm_raw *);
  va_end(list);
  if (descriptor != 7 || opened != 1 || request != 0xc0200a00ul || message->response.length != 0x3000) return -1;
  const unsigned char *asked = (const unsigned char *)(uintptr_t)message->request.address;
  unsigned char *answer = (unsigned char *)(uintptr_t)message->response.address;
  uint64_t length = message->request.length;
  if (length == 0 || asked[0] != 0xa1) {
    memcpy(answer, "\xa1\x65" "Error\x6f" "InvalidArgument", 23);
    message->response.length = 23;
    return 0;
  }
  memcpy(answer, "\xa1\x6b" "Attestation\xa1\x68" "document\x59", 24);
  answer[24] = (unsigned char)(length >> 8);
  answer[25] = (unsigned char)length;
  memcpy(answer + 26, asked, length);
  message->response.length = 26 + length;
  return 0;
}
