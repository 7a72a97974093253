// The key of this user, which seals what is concluded about cached bytes, so that another user cannot write it. It is
// outside of the cache: who may write in the cache, or brings one from another machine, does not have it.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { link, lstat, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolder } from '../../bytes/folder.ts'
import { personalFolder, type Environment } from '../home.ts'

/** Makes and checks seals over texts; hex of HMAC-SHA-256. */
export type Seal = {
  make(text: string): string
  holds(text: string, seal: string): boolean
}

/** 32 bytes in hex. */
const KEY = /^[0-9a-f]{64}$/

/** `$XDG_STATE_HOME/talos-image-contract/cache.key` (XDG Base Directory Specification). */
export function keyPath(env: Environment = process.env): string {
  return join(personalFolder(env, 'XDG_STATE_HOME', '.local/state'), 'talos-image-contract', 'cache.key')
}

/** The seal of this user; undefined where no key can be kept for this user alone, and then nothing is believed. */
export async function openSeal(path: string = keyPath()): Promise<Seal | undefined> {
  const key = (await readKey(path)) ?? (await makeKey(path))
  if (key === undefined) return undefined
  const make = (text: string): string => createHmac('sha256', Buffer.from(key, 'hex')).update(text).digest('hex')
  return {
    make,
    holds(text, seal) {
      const [expected, got] = [Buffer.from(make(text)), Buffer.from(seal)]
      return expected.length === got.length && timingSafeEqual(expected, got)
    },
  }
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    const found = await lstat(path)
    if (!found.isFile() || (found.mode & 0o077) !== 0 || found.uid !== process.getuid?.()) return undefined
    const text = (await readFile(path, 'utf8')).trim()
    return KEY.test(text) ? text : undefined
  } catch {
    return undefined
  }
}

/** One of several processes that make a key at once wins, and all use its key. A file that is no key stays as it is. */
async function makeKey(path: string): Promise<string | undefined> {
  const temporary = `${path}.${process.pid}-${randomBytes(6).toString('hex')}`
  try {
    await makeFolder(dirname(path), 0o700)
    await writeFile(temporary, `${randomBytes(32).toString('hex')}\n`, { flag: 'wx', mode: 0o600 })
    await link(temporary, path).catch(() => undefined)
    return await readKey(path)
  } catch {
    return undefined
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined)
  }
}
