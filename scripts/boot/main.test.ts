import { chmod, copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { conformanceSchema, type CandidateVerdict } from '../judge/verdict/conformance.ts'
import { runCommand } from '../testing/run-command.ts'
import { boot } from './main.ts'
import { findFirmware, findQemu, qemuArguments } from './qemu.ts'

const IMAGE = 'docker-archive:fixtures/golden/v1.11.5-spin-tailscale/installer-arm64.tar'
const LOG = 'fixtures/golden/boot/v1.11.5-spin-tailscale.console.txt'

const folder = await mkdtemp(join(tmpdir(), 'talos-boot-test-'))
const report = join(folder, 'boot.json')
const qemu = join(folder, 'qemu-system-aarch64')
const temporary = join(folder, 'tmp')
beforeAll(async () => {
  // Prints the console of a right boot, and keeps what it was given.
  await writeFile(qemu, `#!/bin/sh\nprintf '%s\\n' "$@" > ${folder}/args\ncat ${LOG}\n`)
  await chmod(qemu, 0o755)
  await writeFile(join(folder, 'QEMU_EFI.fd'), '')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function run(...args: readonly string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  return runCommand(boot, [IMAGE, '--report', report, ...args])
}

async function verdict(): Promise<CandidateVerdict | undefined> {
  return conformanceSchema.parse(JSON.parse(await readFile(report, 'utf8'))).candidates[0]
}

describe('npm run boot', { timeout: 240_000 }, () => {
  it('starts the UKI by firmware, judges its console and leaves nothing behind', async () => {
    await rm(temporary, { recursive: true, force: true })
    vi.stubEnv('TMPDIR', folder)
    try {
      const { exit, stdout, stderr } = await run('--qemu', qemu, '--firmware', join(folder, 'QEMU_EFI.fd'))
      expect(exit, stderr).toBe(0)
      expect(stderr).toMatch(/^booting docker-archive:.* in emulation, by \S+QEMU_EFI\.fd; 240 s at most\n$/)
      expect(stdout).toMatch(
        /^booted: its UKI, by EFI firmware; Talos v1\.11\.5 reached \/sbin\/init; ended by itself, after \d+ s$/m,
      )
    } finally {
      vi.unstubAllEnvs()
    }
    const args = (await readFile(join(folder, 'args'), 'utf8')).split('\n')
    expect(args.slice(-5, -1)).toEqual([
      '-bios',
      join(folder, 'QEMU_EFI.fd'),
      '-kernel',
      expect.stringMatching(/uki\.efi$/),
    ])
    expect(await readFile(join(folder, 'boot.console.txt'))).toEqual(await readFile(LOG))
    expect((await readdir(folder)).filter((name) => name.startsWith('talos-boot-'))).toEqual([])
    expect((await verdict())?.boot).toMatchObject({ by: 'firmware', end: 'exited', lines: 317, reached: '/sbin/init' })
  })

  it('starts kernel, initramfs and command line by themselves', async () => {
    const { exit } = await run('--qemu', qemu, '--direct', '--memory', '512')
    expect(exit).toBe(0)
    const args = (await readFile(join(folder, 'args'), 'utf8')).split('\n')
    expect(args).toEqual(expect.arrayContaining(['-m', '512M', '-nic', 'none', '-no-reboot', '-initrd']))
    expect(args.at(-2)).toMatch(/^talos\.platform=metal console=ttyAMA0 console=tty0 .* selinux=1$/)
    expect((await verdict())?.boot?.by).toBe('kernel')
  })

  it('judges a saved console, and names the layer that stopped it', async () => {
    const { exit, stdout } = await run('--log', 'fixtures/golden/boot/v1.11.5-wrong-missing-layer.console.txt')
    expect(exit).toBe(1)
    expect(stdout).toContain('open 5.sqsh: no such file or directory; the layer is spin (5.sqsh)')
    expect((await verdict())?.rules.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'BOOT-001 fail',
      'BOOT-002 blocked',
    ])
  })

  it('says in its last line what was waived, and by whose contract', async () => {
    const expires = new Date(Date.now() + 180 * 86_400_000).toISOString().slice(0, 10)
    const [waivers, contract] = [join(folder, 'waivers.yaml'), join(folder, 'contract.yaml')]
    const entry = { id: 'BOOT-001', reason: 'tried for turning red to green', expires }
    await writeFile(waivers, JSON.stringify({ waivers: [entry] }))
    await copyFile('specs/contract/contract.yaml', contract)
    const log = 'fixtures/golden/boot/v1.11.5-wrong-gzip-layer.console.txt'
    const { exit, stdout } = await run('--log', log, '--waivers', waivers, '--contract', contract)
    expect(exit).toBe(2)
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
      new RegExp(`^INCONCLUSIVE, 1 waived \\(BOOT-001 until ${expires}\\): .*; target boot; .*contract ${contract}, `),
    )
  })

  it.each<[string, readonly string[], RegExp]>([
    [
      'a program that is missing',
      ['--qemu', 'qemu-none'],
      /qemu-none is not installed: install the package qemu-system-arm /,
    ],
    ['a folder for the program', ['--qemu', '/tmp'], /\/tmp cannot be run: expected the path of a program/],
    ['nothing for the program', ['--qemu', ''], / is not installed/],
    ['a folder for firmware', ['--qemu', '/bin/sh', '--firmware', '/tmp'], /the firmware \/tmp cannot be read/],
    [
      'firmware that is missing',
      ['--qemu', '/bin/sh', '--firmware', 'none.fd'],
      /the firmware none\.fd cannot be read/,
    ],
    ['a console that is missing', ['--log', 'none.txt'], /none\.txt cannot be read: there is no such file/],
    ['a folder for a console', ['--log', 'fixtures'], /fixtures is no file/],
    ['firmware for --direct', ['--direct', '--firmware', 'x'], /leave out --firmware/],
    ['firmware for --log', ['--log', LOG, '--direct'], /--log starts nothing/],
    ['no time', ['--timeout', '0'], /one second or more/],
    ['another time', ['--timeout', '4h'], /expected seconds or minutes/],
    ['a time that no timer can take', ['--timeout', '99999m'], /expected a day at most/],
    ['days of watching', ['--settle', '1441m'], /expected a day at most/],
    ['no memory', ['--memory', '1'], /from 256 to 1048576 MiB/],
  ])('refuses %s', async (_, args, reason) => {
    const { exit, stderr } = await run(...args)
    expect(exit).toBe(2)
    expect(stderr).toMatch(reason)
  })
})

describe('QEMU', () => {
  it('is looked for along the path', async () => {
    expect(await findQemu('qemu-system-aarch64', `${temporary}:${folder}`)).toBe(qemu)
    await expect(findQemu('qemu-system-aarch64', temporary)).rejects.toThrow(/qemu-system-arm/)
    expect(await findFirmware(qemu)).toBe(qemu)
  })

  it('runs the guest itself where it can', () => {
    const start = { by: 'firmware', firmware: 'f', uki: 'u' } as const
    expect(qemuArguments(start, { memory: 1, kvm: true }).join(' ')).toContain('-accel kvm -cpu host')
    expect(qemuArguments(start, { memory: 1, kvm: false }).join(' ')).toContain('-accel tcg -cpu max,pauth-impdef=on')
  })
})
