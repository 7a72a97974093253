// The folders of a person (XDG Base Directory Specification 0.8): a path that is not absolute counts as none, else files
// would be made, and credentials looked for, in the folder that somebody happens to stand in.
import { userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'

export type Environment = Readonly<Record<string, string | undefined>>

/** The absolute path in the variable; undefined where there is none. */
export function absoluteOf(env: Environment, name: string): string | undefined {
  const value = env[name]
  return value !== undefined && isAbsolute(value) ? value : undefined
}

/** `$HOME`, else what the system's list of users has; the root for a user that is not in it. */
export function homeOf(env: Environment): string {
  const home = absoluteOf(env, 'HOME')
  if (home !== undefined) return home
  try {
    return userInfo().homedir
  } catch {
    return '/'
  }
}

/** The folder that the variable names, else the `usual` one below the home. */
export function personalFolder(env: Environment, name: string, usual: string): string {
  return absoluteOf(env, name) ?? join(homeOf(env), usual)
}
