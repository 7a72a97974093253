import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runGuest, type Ended, type GuestTerms } from './guest.ts'

const folder = await mkdtemp(join(tmpdir(), 'talos-guest-test-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const RIGHT = `echo '[talos] [initramfs] entering the rootfs'; echo '[talos] [initramfs] executing /sbin/init'`
const HANGS = `sleep 1000 & echo $! > "$0.pid"; wait`

async function program(name: string, ...lines: readonly string[]): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, ['#!/bin/sh', `echo $$ > "$0.own"`, ...lines, ''].join('\n'))
  await chmod(path, 0o755)
  return path
}

/** Generous limits: what a test is about has one of its own. */
function run(path: string, terms: Partial<GuestTerms> = {}): Promise<Ended> {
  const { signal } = new AbortController()
  return runGuest(path, [], { timeout: 60, settle: 60, consolePath: 'console', signal, ...terms })
}

/** Whether the process that `path` wrote down is there: a zombie, which nobody in a container may collect, is not. */
async function isRunning(path: string): Promise<boolean> {
  const pid = (await readFile(path, 'utf8')).trim()
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat !== undefined) return !/\) [ZX] /.test(stat)
  try {
    process.kill(Number(pid), 0)
    return process.platform !== 'linux'
  } catch {
    return false
  }
}

async function expectNothingRuns(path: string): Promise<void> {
  for (const name of [`${path}.own`, `${path}.pid`]) await waitUntilGone(name)
}

async function waitUntilGone(name: string): Promise<void> {
  await expect.poll(() => isRunning(name), { timeout: 240_000 }).toBe(false)
}

describe('runGuest', { timeout: 120_000 }, () => {
  it('ends a guest some time after /sbin/init', async () => {
    const path = await program('right', RIGHT, HANGS)
    const { console, end } = await run(path, { settle: 0.2 })
    expect(end.kind).toBe('settled')
    expect(console.boots[0]?.executing).toEqual({ path: 'console', line: 2 })
    await expectNothingRuns(path)
  })

  it('ends a guest that hangs at its time limit, and what hears no signal with it', async () => {
    const path = await program('hangs', `trap '' TERM INT`, 'echo Linux version 6', HANGS, 'while :; do sleep 1; done')
    const { end, bytes } = await run(path, { timeout: 0.5 })
    expect(end.kind).toBe('time')
    expect(String(bytes)).toBe('Linux version 6\n')
    await expectNothingRuns(path)
  })

  it('ends a guest that fails when it has said why', async () => {
    const path = await program('fails', `echo 'Kernel panic - not syncing: x'; sleep 0.1; echo 'the reason'`, HANGS)
    const { end, console } = await run(path)
    expect(end.kind).toBe('troubled')
    expect(console.last?.text).toBe('the reason')
    await expectNothingRuns(path)
  })

  it('sees a failure after /sbin/init', async () => {
    const path = await program('late', RIGHT, 'sleep 0.1', `echo '[talos] rebooting in 10 seconds'`, HANGS)
    expect((await run(path)).end.kind).toBe('troubled')
  })

  it('ends a guest that prints without end, and keeps a part of it', async () => {
    const path = await program('endless', 'exec yes "[talos] again and again and again"')
    const { end, bytes } = await run(path)
    expect(end.kind).toBe('output')
    expect(bytes.length).toBe(4 << 20)
    await expect.poll(() => isRunning(`${path}.own`), { timeout: 240_000 }).toBe(false)
  })

  it('takes the end of a guest that ends by itself', async () => {
    const { end, console } = await run(await program('short', 'printf "Linux version 6\\r\\nand no more"'))
    expect(end.kind).toBe('exited')
    expect(console.last?.text).toBe('and no more')
  })

  it('says what the program said that failed', async () => {
    const path = await program('wrong', 'echo "qemu: no such machine" >&2; exit 1')
    await expect(run(path)).rejects.toThrow(/wrong ended with 1: qemu: no such machine$/)
  })

  it('says that a program cannot be started', async () => {
    await expect(run(join(folder, 'none'))).rejects.toThrow(/none ended with 127: .*none: not found$/)
  })

  it('ends the guest where the command is interrupted', async () => {
    const path = await program('interrupted', 'echo Linux version 6', HANGS)
    const interrupt = new AbortController()
    const running = run(path, { signal: interrupt.signal })
    await expect.poll(() => readFile(`${path}.pid`, 'utf8').catch(() => ''), { timeout: 240_000 }).toMatch(/\d\n/)
    interrupt.abort(new Error('interrupted'))
    await expect(running).rejects.toThrow('interrupted')
    await expectNothingRuns(path)
  })

  it('is not left behind where this process is killed', async () => {
    const path = await program('orphan', 'echo Linux version 6', HANGS)
    const module = new URL('guest.ts', import.meta.url).href
    const terms = `{ timeout: 600, settle: 1, consolePath: '', signal: new AbortController().signal }`
    const code = `(await import('${module}')).runGuest('${path}', [], ${terms})`
    const own = ['--import', './scripts/preload.mjs', '--input-type=module', '--eval', code]
    const parent = spawn(process.execPath, own)
    const gone = once(parent, 'exit')
    await expect.poll(() => readFile(`${path}.pid`, 'utf8').catch(() => ''), { timeout: 240_000 }).toMatch(/\d\n/)
    parent.kill('SIGKILL')
    await gone
    // Of its group the guest alone: what it has started itself would need a leash of its own.
    await expect.poll(() => isRunning(`${path}.own`), { timeout: 240_000 }).toBe(false)
    process.kill(Number(await readFile(`${path}.pid`, 'utf8')), 'SIGKILL')
  })
})
