/* The least that a client must do: the plain SMTP dialog in one bare epoll loop, to hold smtpgrab's cost
 * against.
 *
 *   smtp_epoll [-n HOSTS] [-c IN_FLIGHT] [-p PORT]
 *
 * Speaks to 127.x.y.z, one address a host: connect, banner, EHLO, STARTTLS, its reply, RST. Replies are read
 * to the line that ends them and not kept. Prints hosts, failures, CPU microseconds a host, hosts a second.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_fds = 1 << 20, most_events = 512 };
enum phase { connecting, banner, ehlo, starttls };

static unsigned char phase_of[most_fds];
static long hosts = 100000, started, failed, answered;
static int in_flight = 1000, port = 2525, epoll;

static void begin(void) {
  while (started < hosts) {
    /* The same walk as the C++ bench: 127.1.0.1 onwards. */
    uint32_t address = 0x7f010001u + (uint32_t)(started++ % 8000000);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(address)};
    if (fd < 0 || (connect(fd, (struct sockaddr*)&to, sizeof to) != 0 && errno != EINPROGRESS)) {
      if (fd >= 0)
        close(fd);
      failed++;
      continue;
    }
    phase_of[fd] = connecting;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    return;
  }
}

static void end(int fd, int well) {
  struct linger hard = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close(fd);
  if (well)
    answered++;
  else
    failed++;
  begin();
}

/* Is the last line of these bytes the last of a reply? */
static int whole(const char* bytes, ssize_t n) {
  if (n < 5 || bytes[n - 1] != '\n')
    return 0;
  const char* line = memrchr(bytes, '\n', (size_t)n - 1);
  line = line ? line + 1 : bytes;
  return line[3] == ' ';
}

static void step(int fd) {
  char bytes[8192];
  ssize_t n = recv(fd, bytes, sizeof bytes, 0);
  if (n < 0 && errno == EAGAIN)
    return;
  if (n <= 0)
    return end(fd, 0);
  if (!whole(bytes, n))
    return;
  switch (phase_of[fd]) {
  case connecting:
  case banner:
    phase_of[fd] = ehlo;
    send(fd, "EHLO bench.example.test\r\n", 25, MSG_NOSIGNAL);
    return;
  case ehlo:
    phase_of[fd] = starttls;
    send(fd, "STARTTLS\r\n", 10, MSG_NOSIGNAL);
    return;
  default:
    end(fd, 1);
  }
}

static double seconds(struct timeval t) {
  return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char** argv) {
  int option;
  while ((option = getopt(argc, argv, "n:c:p:")) != -1) {
    if (option == 'n')
      hosts = atol(optarg);
    else if (option == 'c')
      in_flight = atoi(optarg);
    else if (option == 'p')
      port = atoi(optarg);
    else
      return 2;
  }
  struct timespec from, to;
  clock_gettime(CLOCK_MONOTONIC, &from);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < in_flight; i++)
    begin();
  struct epoll_event events[most_events];
  while (answered + failed < hosts) {
    int n = epoll_wait(epoll, events, most_events, 5000);
    if (n == 0)
      break; /* nothing for five seconds: the responder is gone */
    for (int i = 0; i < n; i++)
      if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        step(events[i].data.fd);
  }
  clock_gettime(CLOCK_MONOTONIC, &to);
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double cpu = seconds(used.ru_utime) + seconds(used.ru_stime);
  double wall = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
  printf(
      "{\"client\":\"epoll\",\"hosts\":%ld,\"failed\":%ld,\"in_flight\":%d,\"cpu_us\":%.2f,\"user_us\":%.2f,"
      "\"rate\":%.0f,\"rss_kb\":%ld}\n",
      answered, failed, in_flight, cpu * 1e6 / (double)hosts, seconds(used.ru_utime) * 1e6 / (double)hosts,
      (double)hosts / wall, used.ru_maxrss);
  return failed != 0;
}
