// The slow path of Swift's Mutex, for builds with ThreadSanitizer only (Scripts/sanitize.sh).
//
// The fast path is compiled into our code and seen by ThreadSanitizer; the slow path lies in Swift's library, which is not
// instrumented: each lock that was waited for would look like none. This takes its place, with operations that are seen.
// The word is that of FUTEX_LOCK_PI (futex(2)): 0 when free, else the holder's thread id; nobody ever sleeps on it here, so
// that the fast path of unlocking always does.
#define _GNU_SOURCE
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

// Synchronization._MutexHandle._lockSlow(UInt32)
__attribute__((swiftcall)) void lockSlow(uint32_t state, __attribute__((swift_context)) _Atomic uint32_t *word)
    __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");

__attribute__((swiftcall)) void lockSlow(
    uint32_t state, __attribute__((swift_context)) _Atomic uint32_t *word) {
    (void)state;
    static _Thread_local uint32_t thread = 0;
    if (thread == 0) thread = (uint32_t)gettid();
    // Without a queue of waiters: who yields at each try never gets a lock that somebody takes again and again.
    for (unsigned tries = 1;; tries++) {
        uint32_t expected = 0;
        if (atomic_compare_exchange_weak_explicit(
                word, &expected, thread, memory_order_acquire, memory_order_relaxed))
            return;
        if (tries % 4096 == 0) sched_yield();
    }
}

// Synchronization._MutexHandle._unlockSlow()
__attribute__((swiftcall)) void unlockSlow(__attribute__((swift_context)) _Atomic uint32_t *word)
    __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");

__attribute__((swiftcall)) void unlockSlow(__attribute__((swift_context)) _Atomic uint32_t *word) {
    atomic_store_explicit(word, 0, memory_order_release);
}
