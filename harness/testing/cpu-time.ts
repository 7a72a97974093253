// The processor time of a test: a bound on it holds on a busy machine too, where one on the clock does not.

/** Milliseconds of processor time that this thread has had; other threads, other processes and waits do not count. */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
