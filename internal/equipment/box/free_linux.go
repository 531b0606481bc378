package box

import "golang.org/x/sys/unix"

// diskFree is the room on the directory's file system for a process that is not
// root, in octets; 0 where that cannot be told.
func diskFree(dir string) int64 {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0
	}
	return int64(s.Bavail) * int64(s.Bsize)
}
