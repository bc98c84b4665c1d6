#ifndef FAULTY_FILES_H
#define FAULTY_FILES_H

#include <stdbool.h>

/// A disk that fails below files: calls of this thread to open, write, fsync, rename and mkdir in `directory` are counted,
/// and the `call`th, the first being 1, fails with `error`; with `persists` all later ones too. Without an error a write is
/// cut in half instead, which POSIX allows. Replaces the C library's functions in the program that it is linked into.
void faulty_files_arm(const char *directory, long call, int error, bool persists);

/// Ends it.
/// - Returns: how many calls there were.
long faulty_files_disarm(void);

/// False under ThreadSanitizer, which must see these calls itself.
bool faulty_files_is_available(void);

#endif
