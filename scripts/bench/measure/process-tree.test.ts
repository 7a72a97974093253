import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listTree, parseUsage, readUsage, TreeMeter } from './process-tree.ts'

const status = (hwm: number, rss: number) => `Name:\tnode\nVmHWM:\t  ${hwm} kB\nVmRSS:\t  ${rss} kB\nThreads:\t2\n`
/** Fields of proc(5): 14 utime, 15 stime, 16 cutime, 17 cstime. */
const stat = (name: string, ticks: string) => `7 (${name}) S 1 7 7 0 -1 4194560 100 0 0 0 ${ticks} 20 0 2 0 100`

describe('parseUsage', () => {
  it('reads memory in bytes and time in milliseconds', () => {
    expect(parseUsage(status(300, 200), stat('node', '5 3 20 10'))).toEqual({
      peakBytes: 300 << 10,
      residentBytes: 200 << 10,
      cpuMs: 380,
    })
  })

  it('is not fooled by the name of a program', () => {
    expect(parseUsage(status(1, 1), stat('a) R (b c', '1 0 0 0'))?.cpuMs).toBe(10)
  })

  it('has nothing of a process without memory', () => {
    expect(parseUsage('Name:\tkthreadd\nThreads:\t1\n', stat('kthreadd', '1 0 0 0'))).toBeUndefined()
  })
})

describe('a tree', () => {
  let proc: string
  beforeEach(async () => {
    proc = await mkdtemp(join(tmpdir(), 'bench-proc-'))
  })
  afterEach(() => rm(proc, { recursive: true }))

  const put = async (pid: number, hwm: number, rss: number, children: Readonly<Record<number, string>>) => {
    await mkdir(join(proc, String(pid)), { recursive: true })
    await writeFile(join(proc, `${pid}/status`), status(hwm, rss))
    await writeFile(join(proc, `${pid}/stat`), stat('x', '1 1 0 0'))
    for (const [thread, list] of Object.entries(children)) {
      await mkdir(join(proc, `${pid}/task/${thread}`), { recursive: true })
      await writeFile(join(proc, `${pid}/task/${thread}/children`), list)
    }
  }

  it('has the children of every thread, and theirs', async () => {
    await put(10, 1, 1, { 10: '20 21 ', 11: '22 ' })
    await put(20, 1, 1, { 20: '30 ' })
    expect(listTree(10, proc)).toEqual([10, 20, 21, 22, 30])
  })

  it('is one process where nothing can be read', () => {
    expect(listTree(10, proc)).toEqual([10])
    expect(readUsage(10, proc)).toBeUndefined()
  })

  it('peaks at the most of one moment', async () => {
    const meter = new TreeMeter(10, proc)
    await put(10, 100, 90, { 10: '20 ' })
    await put(20, 50, 50, {})
    meter.sample()
    await put(10, 100, 20, { 10: '' })
    meter.sample()
    expect(meter.usage()).toEqual({ peakBytes: 140 << 10, cpuMs: 40 })
  })

  it('peaks at what one process once had between two looks', async () => {
    const meter = new TreeMeter(10, proc)
    await put(10, 500, 20, { 10: '' })
    meter.sample()
    expect(meter.usage().peakBytes).toBe(500 << 10)
  })
})

describe('this process', () => {
  it.runIf(process.platform === 'linux')('uses memory', () => {
    expect(readUsage(process.pid)?.residentBytes).toBeGreaterThan(1 << 20)
  })
})
