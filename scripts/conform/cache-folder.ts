// Where the cache is when nobody says: https://specifications.freedesktop.org/basedir-spec/0.8/
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** The number is the version of what lies in it: another one leaves this alone. */
const NAME = join('talos-image-contract', 'v1')

export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const base = env['XDG_CACHE_HOME']
  // The specification wants relative ones ignored.
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache'), NAME)
}
