// The consoles of upstream's own init, and of hostile guests, judged by the two rules.
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { bootOf, consoleOf, GATEWAY_BOOT, PLAIN_BOOT } from '#fixtures/counterexamples/boot/valid.ts'
import type { Layer } from '#fixtures/counterexamples/boot/console.ts'
import { ConsoleReader, readConsole, type Console } from '#harness/talos/boot/console.ts'
import { judgeLayers } from '#specs/boot/layers.ts'
import { judgeStart } from '#specs/boot/start.ts'
import type { BootEnd } from '#specs/support/boot/rule.ts'

const LOGS = new URL('../../fixtures/golden/boot/', import.meta.url)

function judge(console: Console, layers: readonly Layer[], end: BootEnd = { kind: 'saved' }): readonly string[] {
  return [judgeStart, judgeLayers].flatMap((one) =>
    one({ console, end, layers }).map(({ at, message, kind = 'broken' }) => `${kind} ${at.line}: ${message}`),
  )
}

async function read(name: string): Promise<Console> {
  return readConsole(await readFile(new URL(`${name}.console.txt`, LOGS)), name)
}

const LATER_VERSIONS: Readonly<Record<string, string>> = {
  'bnx2-bnx2x': '20260810',
  'intel-ice-firmware': '20260810',
  'qlogic-firmware': '20260810',
  drbd: '9.3.3-v1.13.9',
  zfs: '2.4.3-v1.13.9',
  spin: 'v0.25.1',
  tailscale: '1.102.2',
}
const LATER = bootOf(
  GATEWAY_BOOT.layers.map((layer) => ({ ...layer, version: LATER_VERSIONS[layer.name] ?? layer.version })),
)
const UNFINISHED = 'the console ends before /sbin/init: init may enable more layers than it did so far'

describe("the console of upstream's init", () => {
  it.each([
    ['v1.11.5-plain', PLAIN_BOOT],
    ['v1.11.5-spin-tailscale', GATEWAY_BOOT],
    ['v1.13.9-spin-tailscale', LATER],
  ])('%s is right', async (name, { layers }) => {
    expect(judge(await read(name), layers)).toEqual([])
  })

  it('names the layer that is compressed otherwise', async () => {
    const layers = GATEWAY_BOOT.layers
    expect(judge(await read('v1.11.5-wrong-gzip-layer'), layers)).toEqual([
      'broken 170: init stops: early boot failed: error mounting /dev/loop2: 1 error(s) occurred; the layer is spin (5.sqsh); the kernel says: Filesystem uses "zlib" compression. This is not supported',
      `unknown 159: ${UNFINISHED}`,
    ])
  })

  it('names the layer that is missing', async () => {
    expect(judge(await read('v1.11.5-wrong-missing-layer'), GATEWAY_BOOT.layers)).toEqual([
      'broken 162: init stops: early boot failed: could not open backing file: open 5.sqsh: no such file or directory; the layer is spin (5.sqsh)',
      `unknown 159: ${UNFINISHED}`,
    ])
  })

  it('is red for an image with other layers', async () => {
    expect(judge(await read('v1.11.5-spin-tailscale'), PLAIN_BOOT.layers)).toHaveLength(8)
    expect(judge(await read('v1.11.5-plain'), GATEWAY_BOOT.layers)).toHaveLength(8)
    const [one, two] = judge(await read('v1.11.5-spin-tailscale'), LATER.layers)
    expect(one).toMatch(/init enables tailscale 1\.88\.1, the image lists tailscale 1\.102\.2$/)
    expect(two).toMatch(/init enables spin v0\.21\.0, the image lists spin v0\.25\.1$/)
  })
})

describe('a console that begins late', () => {
  it.each([
    ['among the layers', 'enabling system extension zfs'],
    ['behind the layers', 'entering the rootfs'],
  ])('%s does not say which there were', async (_, text) => {
    const whole = await readFile(new URL('v1.11.5-spin-tailscale.console.txt', LOGS))
    const late = readConsole(whole.subarray(whole.lastIndexOf('\n', whole.indexOf(text)) + 1), 'late')
    expect(judge(late, GATEWAY_BOOT.layers)).toEqual([
      expect.stringMatching(/^unknown 1: the console begins behind the line in which init says its release/),
    ])
    expect(judge(late, [])).toHaveLength(late.boots[0]?.layers.length ?? 0)
  })
})

describe('a console', () => {
  const bytes = consoleOf({ name: '', of: GATEWAY_BOOT, violates: [], because: '' })

  it('is the same in pieces', () => {
    const reader = new ConsoleReader({ path: 'console' })
    for (const byte of bytes) reader.push(Uint8Array.of(byte))
    expect(reader.read()).toEqual(readConsole(bytes, 'console'))
  })

  it.each<[string, Uint8Array]>([
    ['one line of 4 MiB', Buffer.alloc(4 << 20, 'a')],
    ['escapes without an end', Buffer.from('\u001B]'.repeat(20_000))],
    ['blanks where a time stamp may be', Buffer.from(`[${' '.repeat(1 << 20)}`)],
    [
      'twenty thousand starts',
      Buffer.from('Booting Linux on physical CPU 0\n[talos] [initramfs] booting Talos v1\n'.repeat(20_000)),
    ],
    ['twenty thousand layers', Buffer.from('[talos] [initramfs] enabling system extension a b\n'.repeat(20_000))],
    ['twenty thousand failures', Buffer.from('Kernel panic - not syncing: x\n'.repeat(20_000))],
    ['bytes of no text', Buffer.alloc(1 << 20, 0xff)],
  ])('is bounded for %s', (_, hostile) => {
    const { boots } = readConsole(hostile, 'console')
    expect(boots.length).toBeLessThanOrEqual(100)
    const kept = boots.flatMap(({ layers, troubles, complaints }) => [...layers, ...troubles, ...complaints])
    expect(kept.length).toBeLessThanOrEqual(1000)
    expect(judge(readConsole(hostile, 'console'), []).length).toBeGreaterThan(0)
  })

  it('takes no line in the middle of another', () => {
    const lines = ['user says [talos] [initramfs] executing /sbin/init', '[talos] [initramfs] executing /sbin/init now']
    const console = readConsole(Buffer.from(lines.join('\n')), 'console')
    expect(judge(console, [], { kind: 'time', seconds: 240 })[0]).toMatch(
      /^broken 2: the time of 240 s is over, and \/sbin\/init is not reached$/,
    )
  })
})
