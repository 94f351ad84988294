#pragma once

// recv and send without glibc's: there they are cancellation points, and in a process with threads
// each call pays for two atomic operations that nobody needs here. Of a request that comes alone
// that is one percent (2026-11-26, by turns against the same server with glibc's).

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstddef>
#include <span>

namespace strata {

// As recv and send: the count, or -1 and errno. The socket does not block.
inline ssize_t Receive(int socket, char* space, size_t room) {
  return syscall(SYS_recvfrom, socket, space, room, 0, nullptr, nullptr);
}
inline ssize_t Send(int socket, std::span<iovec> pieces) {
  if (pieces.size() == 1) {
    return syscall(SYS_sendto, socket, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL, nullptr,
                   0);
  }
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  return sendmsg(socket, &message, MSG_NOSIGNAL);
}

}  // namespace strata
