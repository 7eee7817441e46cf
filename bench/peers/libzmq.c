/* Round trips of buffers over libzmq, PUSH and PULL as tsmpi uses them: what ZeroMQ itself allows.
 * libzmq ENDPOINT_A ENDPOINT_B prints the rows of ours/point-to-point.ts that are about buffers. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>
#include <zmq.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void pass(void *in, void *out, size_t bytes, int first) {
  zmq_msg_t message;
  if (first) {
    zmq_msg_init_size(&message, bytes);
    memset(zmq_msg_data(&message), 1, bytes);
    assert(zmq_msg_send(&message, out, 0) >= 0);
  }
  zmq_msg_init(&message);
  assert(zmq_msg_recv(&message, in, 0) == (int)bytes);
  if (first) zmq_msg_close(&message);
  else assert(zmq_msg_send(&message, out, 0) >= 0);
}

int main(int argc, char **argv) {
  static const struct { const char *name; size_t bytes; int repetitions; } rows[] = {
    {"8 B", 8, 5000}, {"1 KiB", 1024, 5000}, {"64 KiB", 65536, 1000}, {"1 MiB", 1 << 20, 200}, {"64 MiB", 64 << 20, 5},
  };
  if (argc != 3) return 2;
  int first = fork() != 0;
  void *context = zmq_ctx_new();
  void *in = zmq_socket(context, ZMQ_PULL), *out = zmq_socket(context, ZMQ_PUSH);
  assert(zmq_bind(in, argv[first ? 1 : 2]) == 0);
  assert(zmq_connect(out, argv[first ? 2 : 1]) == 0);
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    double began = 0;
    for (int i = -(rows[r].repetitions + 9) / 10; i < rows[r].repetitions; i++) {
      if (i == 0) began = now();
      pass(in, out, rows[r].bytes, first);
    }
    if (first) printf("{\"row\": \"buffer of %s, round trip (us)\", \"value\": %f}\n", rows[r].name,
                      (now() - began) / rows[r].repetitions);
  }
  zmq_close(in);
  zmq_close(out);
  zmq_ctx_term(context);
  if (first) wait(NULL);
  return 0;
}
