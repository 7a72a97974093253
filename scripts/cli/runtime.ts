// The Node that runs this: the one that npm installed, not the system's.

/** The oldest Node: before 26.10 its zstd drops all but the first frame, and an initramfs has two. */
const OLDEST = [26, 10] as const

/** Ends the process with one sentence when Node is too old to be trusted with an initramfs. */
export function assertRuntime(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return
  process.stderr.write(
    `error: this needs Node ${OLDEST.join('.')} or newer, got ${version}: start it through npm (npm ci, then npm test), ` +
      `which brings its own Node for Linux x64 and arm64 and macOS arm64\n`,
  )
  process.exit(2)
}
