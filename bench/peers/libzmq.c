/* Round trips and one-way streams of buffers over libzmq, PUSH and PULL as tsmpi uses them: what ZeroMQ itself allows.
 *
 *   libzmq ROLE MECHANISM FIRST SECOND
 *     ROLE       both (this process and a child), or first or second, for two hosts
 *     MECHANISM  null, curve, or sealed: null, and what tsmpi does besides (see below)
 *     FIRST      endpoint that the first process receives at; SECOND the other's
 *
 * Prints those rows of ours/point-to-point.ts that are about buffers. */
#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

/* Any 40 digits are a secret key. Both ends have this one, as the ranks of a job have theirs. */
static const char secret[] = "0123456789012345678901234567890123456789";
static void *in, *out;
static int first;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void fill(zmq_msg_t *message, size_t bytes) {
  zmq_msg_init_size(message, bytes);
  memset(zmq_msg_data(message), 1, bytes);
}

/* "sealed" is the work of tsmpi where nothing is encrypted. A message leaves from a buffer of the program, which may be
 * changed as soon as it is sent, and arrives in one of the other's. It bears a tag that only members of the job can make
 * (AES-256-GMAC; the nonce is the sender and the number of the message), and no byte is used before the tag is checked. */
enum { number_bytes = 8, tag_bytes = 16, seal_bytes = number_bytes + tag_bytes };
static unsigned char *mine;
static EVP_CIPHER_CTX *gcm;
static uint64_t given, taken;

static void tag_of(const unsigned char *bytes, size_t length, const unsigned char *number, unsigned char *tag) {
  unsigned char nonce[12] = {0};
  int written;
  memcpy(nonce, number, number_bytes);
  assert(EVP_EncryptInit_ex(gcm, NULL, NULL, NULL, nonce));
  assert(EVP_EncryptUpdate(gcm, NULL, &written, bytes, length));
  assert(EVP_EncryptFinal_ex(gcm, nonce, &written));
  assert(EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_GCM_GET_TAG, tag_bytes, tag));
}

static void seal(zmq_msg_t *message, size_t bytes) {
  uint64_t number = ++given << 1 | first;
  zmq_msg_init_size(message, bytes + seal_bytes);
  unsigned char *data = zmq_msg_data(message);
  memcpy(data, mine, bytes);
  memcpy(data + bytes, &number, number_bytes);
  tag_of(data, bytes, data + bytes, data + bytes + number_bytes);
}

static void open_sealed(zmq_msg_t *message, size_t bytes) {
  uint64_t number = ++taken << 1 | !first;
  unsigned char *data = zmq_msg_data(message), tag[tag_bytes];
  assert(memcmp(data + bytes, &number, number_bytes) == 0);
  tag_of(data, bytes, data + bytes, tag);
  assert(CRYPTO_memcmp(tag, data + bytes + number_bytes, tag_bytes) == 0);
  memcpy(mine, data, bytes);
}

static void give(size_t bytes) {
  zmq_msg_t message;
  if (gcm) seal(&message, bytes);
  else fill(&message, bytes);
  assert(zmq_msg_send(&message, out, 0) >= 0);
}

/* Receives and gives what was received back, or away. */
static void take(size_t bytes, int back) {
  zmq_msg_t message;
  zmq_msg_init(&message);
  assert(zmq_msg_recv(&message, in, 0) == (int)(bytes + (gcm ? seal_bytes : 0)));
  if (gcm) open_sealed(&message, bytes);
  else if (back) {
    assert(zmq_msg_send(&message, out, 0) >= 0);
    return;
  }
  zmq_msg_close(&message);
  if (back) give(bytes);
}

/* Microseconds per round trip, after a tenth as many that do not count. */
static double round_trip(size_t bytes, int repetitions) {
  double began = 0;
  for (int i = -(repetitions + 9) / 10; i < repetitions; i++) {
    if (i == 0) began = now();
    if (first) give(bytes);
    take(bytes, !first);
  }
  return (now() - began) / repetitions;
}

/* Messages per second, the last of them answered. */
static double one_way(size_t bytes, int repetitions) {
  double began = now();
  for (int i = 0; i < repetitions; i++) {
    if (first) give(bytes);
    else take(bytes, 0);
  }
  if (first) take(1, 0);
  else give(1);
  return repetitions / ((now() - began) / 1e6);
}

/* The one in the middle of three. */
static double median(double (*measure)(size_t, int), size_t bytes, int repetitions) {
  double a = measure(bytes, repetitions), b = measure(bytes, repetitions), c = measure(bytes, repetitions);
  double low = a < b ? a : b, high = a < b ? b : a;
  return c < low ? low : c > high ? high : c;
}

static void report(const char *what, const char *name, const char *row, double value) {
  if (!first) return;
  printf("{\"row\": \"%s of %s, %s\", \"value\": %f}\n", what, name, row, value);
  fflush(stdout);
}

static void encrypt(void *socket, int server) {
  char public[41];
  assert(zmq_curve_public(public, secret) == 0);
  if (server) {
    assert(zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &server, sizeof server) == 0);
  } else {
    assert(zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, public, 40) == 0);
    assert(zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public, 40) == 0);
  }
  assert(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, 40) == 0);
}

int main(int argc, char **argv) {
  static const struct { const char *name; size_t bytes; int repetitions; } rows[] = {
    {"8 B", 8, 5000}, {"1 KiB", 1024, 5000}, {"64 KiB", 65536, 1000}, {"1 MiB", 1 << 20, 200}, {"64 MiB", 64 << 20, 5},
  };
  if (argc != 5) return 2;
  int both = strcmp(argv[1], "both") == 0, none = 0;
  first = both ? fork() != 0 : strcmp(argv[1], "first") == 0;
  void *context = zmq_ctx_new();
  in = zmq_socket(context, ZMQ_PULL);
  out = zmq_socket(context, ZMQ_PUSH);
  /* Without marks, as tsmpi has it: the stream is not stopped every 1,000 messages. */
  assert(zmq_setsockopt(in, ZMQ_RCVHWM, &none, sizeof none) == 0);
  assert(zmq_setsockopt(out, ZMQ_SNDHWM, &none, sizeof none) == 0);
  if (strcmp(argv[2], "curve") == 0) {
    encrypt(in, 1);
    encrypt(out, 0);
  }
  if (strcmp(argv[2], "sealed") == 0) {
    mine = malloc(64 << 20);
    memset(mine, 1, 64 << 20);
    gcm = EVP_CIPHER_CTX_new();
    assert(EVP_EncryptInit_ex(gcm, EVP_aes_256_gcm(), NULL, (const unsigned char *)secret, NULL));
  }
  assert(zmq_bind(in, argv[first ? 3 : 4]) == 0);
  assert(zmq_connect(out, argv[first ? 4 : 3]) == 0);
  round_trip(8, 10000);
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    double us = median(round_trip, rows[r].bytes, rows[r].repetitions);
    report("buffer", rows[r].name, "round trip (us)", us);
    if (rows[r].bytes >= 1 << 20) report("buffer", rows[r].name, "both ways (GB/s)", 2 * rows[r].bytes / us / 1000);
  }
  one_way(8, 20000);
  report("buffers", "8 B", "one way (per s)", median(one_way, 8, 50000));
  zmq_close(in);
  zmq_close(out);
  zmq_ctx_term(context);
  if (both && first) wait(NULL);
  return 0;
}
