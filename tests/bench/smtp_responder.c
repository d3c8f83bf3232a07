/* The other end of the SMTP benches: one epoll process that answers on every address of this machine.
 *
 *   smtp_responder [-p PORT] [-r CODE] [-e LINES] [-f FLIGHT | -k PEM [-2]]
 *
 *   -p PORT    listen on 0.0.0.0:PORT (default 2525)
 *   -r CODE    answer STARTTLS with CODE (default 220)
 *   -e LINES   say LINES extra EHLO lines (default 4)
 *   -f FLIGHT  after a 220, answer a TLS ClientHello with the bytes of this file and keep silent then
 *   -k PEM     after a 220, shake hands by OpenSSL with the key and the chain in PEM, and answer EHLO and QUIT inside
 *   -2         TLS 1.2 at most
 *
 * It says "ready" on stdout. SIGTERM ends it; the last line says how many connections it took.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <openssl/ssl.h>
#include <unistd.h>

enum { most_fds = 1 << 20, most_events = 512 };

/* What a connection has reached; one byte a descriptor is all the memory it costs. */
enum phase { greeted, in_tls, flight_sent };

static unsigned char phase_of[most_fds];
static unsigned long long taken;
static volatile sig_atomic_t stopped;

static char ehlo_reply[4096], starttls_reply[128];
static size_t ehlo_size, starttls_size;
static int starttls_code = 220;
static SSL_CTX* tls;
static SSL* session[most_fds];
static unsigned char* flight;
static size_t flight_size;

static void stop(int signal_number) {
  (void)signal_number;
  stopped = 1;
}

static void die(const char* what) {
  perror(what);
  exit(2);
}

static void say(int fd, const void* bytes, size_t size) {
  ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
  (void)n; /* a visitor that is gone is noticed by its EPOLLRDHUP */
}

static void write_replies(int extra) {
  static const char* const keywords[] = {"PIPELINING", "SIZE 10240000",       "ETRN", "STARTTLS",
                                         "8BITMIME",   "ENHANCEDSTATUSCODES", "DSN",  "CHUNKING"};
  int known = sizeof keywords / sizeof *keywords;
  char* at = ehlo_reply + sprintf(ehlo_reply, "250-mx.example.test\r\n");
  for (int i = 0; i < extra; i++)
    at += sprintf(at, "250-%s\r\n", keywords[i % known]);
  at += sprintf(at, "250 HELP\r\n");
  ehlo_size = (size_t)(at - ehlo_reply);
  starttls_size = (size_t)sprintf(starttls_reply, "%d 2.0.0 as you like\r\n", starttls_code);
}

static void read_flight(const char* path) {
  FILE* file = fopen(path, "rb");
  if (!file)
    die(path);
  flight = malloc(1 << 20);
  if (flight)
    flight_size = fread(flight, 1, 1 << 20, file);
  fclose(file);
}

static void accept_all(int epoll, int listener) {
  static const char banner[] = "220 mx.example.test ESMTP Postfix (Debian/GNU)\r\n";
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
      return;
    if (fd >= most_fds) {
      close(fd);
      continue;
    }
    taken++;
    phase_of[fd] = greeted;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    say(fd, banner, sizeof banner - 1);
  }
}

static void end_visit(int fd) {
  SSL_free(session[fd]);
  session[fd] = NULL;
  close(fd);
}

/* The handshake as far as the client goes along, then EHLO and QUIT. */
static void hear_inside(int fd) {
  char bytes[2048];
  if (!session[fd]) {
    session[fd] = SSL_new(tls);
    SSL_set_fd(session[fd], fd);
    SSL_set_accept_state(session[fd]);
  }
  int n = SSL_read(session[fd], bytes, sizeof bytes);
  if (n <= 0) {
    if (SSL_get_error(session[fd], n) != SSL_ERROR_WANT_READ)
      end_visit(fd);
  } else if (memcmp(bytes, "EHLO", 4) == 0) {
    SSL_write(session[fd], ehlo_reply, (int)ehlo_size);
  } else {
    end_visit(fd);
  }
}

static void load_key(const char* path, int only_1_2) {
  tls = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(tls, path) != 1 ||
      SSL_CTX_use_PrivateKey_file(tls, path, SSL_FILETYPE_PEM) != 1)
    die(path);
  SSL_CTX_set_max_proto_version(tls, only_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_num_tickets(tls, 0);
}

static void hear(int fd) {
  unsigned char bytes[2048];
  if (tls && phase_of[fd] == in_tls)
    return hear_inside(fd);
  ssize_t n = recv(fd, bytes, sizeof bytes, 0);
  if (n <= 0) {
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
      close(fd);
    return;
  }
  if (phase_of[fd] != greeted) {
    if (phase_of[fd] == in_tls && bytes[0] == 22 && flight_size != 0) { /* a handshake record */
      phase_of[fd] = flight_sent;
      say(fd, flight, flight_size);
    }
    return;
  }
  if (memcmp(bytes, "EHLO", 4) == 0) {
    say(fd, ehlo_reply, ehlo_size);
  } else if (memcmp(bytes, "STARTTLS", 8) == 0) {
    phase_of[fd] = starttls_code == 220 ? in_tls : greeted;
    say(fd, starttls_reply, starttls_size);
  } else if (memcmp(bytes, "QUIT", 4) == 0) {
    say(fd, "221 bye\r\n", 9);
    close(fd);
  } else {
    say(fd, "500 what\r\n", 10);
  }
}

static int listen_on(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (bind(fd, (struct sockaddr*)&own, sizeof own) != 0 || listen(fd, 65535) != 0)
    die("listen");
  return fd;
}

int main(int argc, char** argv) {
  int port = 2525, extra = 4, only_1_2 = 0, option;
  const char* key = NULL;
  while ((option = getopt(argc, argv, "p:r:e:f:k:2")) != -1) {
    if (option == 'p')
      port = atoi(optarg);
    else if (option == 'r')
      starttls_code = atoi(optarg);
    else if (option == 'e')
      extra = atoi(optarg);
    else if (option == 'f')
      read_flight(optarg);
    else if (option == 'k')
      key = optarg;
    else if (option == '2')
      only_1_2 = 1;
    else
      return 2;
  }
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  if (key)
    load_key(key, only_1_2);
  write_replies(extra < 100 ? extra : 100);
  int listener = listen_on(port), epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[most_events];
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  puts("ready");
  fflush(stdout);
  while (!stopped) {
    int n = epoll_wait(epoll, events, most_events, 1000);
    for (int i = 0; i < n; i++) {
      if (events[i].data.fd == listener)
        accept_all(epoll, listener);
      else
        hear(events[i].data.fd);
    }
  }
  printf("%llu connections\n", taken);
  return 0;
}
