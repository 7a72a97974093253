import { describe, expect, it } from 'vitest'
import { runCommand } from '../testing/run-command.ts'
import { patch } from './main.ts'

const URL_OF_ASSETS = 'http://192.0.2.2:8080/assets/talos/arm64'
const run = (...args: readonly string[]) => runCommand(patch, ['--variant', 'spin-tailscale', ...args])
const COMMON =
  'talos.platform=metal console=ttyAMA0 console=tty0 init_on_alloc=1 slab_nomerge pti=on consoleblank=0 nvme_core.io_timeout=4294967295 printk.devkmsg=on selinux=1'
/** Command lines that upstream's imager wrote: fixtures/golden/expected.json. */
const LINES = new Map([
  ['v1.11.5', COMMON],
  ['v1.13.9', `${COMMON} module.sig_enforce=1 proc_mem.force_override=never`],
])

describe('npm run patch, for a boot over the network', () => {
  it.each(['v1.11.5', 'v1.13.9'])('gives iPXE the command line of %s', async (talos) => {
    const { exit, stdout, stderr } = await run('--talos', talos, '--ipxe', `${URL_OF_ASSETS}/`)
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout.split('\n')).toEqual([
      '#!ipxe',
      `kernel ${URL_OF_ASSETS}/boot/vmlinuz initrd=initramfs.xz ${LINES.get(talos)}`,
      `initrd ${URL_OF_ASSETS}/boot/initramfs.xz`,
      'boot',
      '',
    ])
  })

  it('gives matchbox the same as a profile, for the arm64 console, modules signed', async () => {
    const { exit, stdout } = await run('--talos', 'v1.13.9', '--matchbox', URL_OF_ASSETS)
    expect(exit).toBe(0)
    const { id, boot } = JSON.parse(stdout) as { readonly id: string; readonly boot: Readonly<Record<string, unknown>> }
    expect(id).toBe('spin-tailscale')
    expect(boot).toEqual({
      kernel: `${URL_OF_ASSETS}/boot/vmlinuz`,
      initrd: [`${URL_OF_ASSETS}/boot/initramfs.xz`],
      args: ['initrd=initramfs.xz', ...(LINES.get('v1.13.9') ?? '').split(' ')],
    })
  })

  it.each([
    [['--ipxe', 'ftp://x/y'], /expected a URL of http or https/],
    [['--ipxe', 'http://x/a b'], /expected a URL of http or https/],
    [['--ipxe', URL_OF_ASSETS, '--matchbox', URL_OF_ASSETS, '--talos', 'v1.13.9'], /give one of them/],
    [['--ipxe', URL_OF_ASSETS, '--talos', 'v9.9.9'], /say for which Talos it is, with --talos/],
  ])('refuses %j', async (args, said) => {
    const { exit, stdout, stderr } = await run(...args)
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
    expect(stderr).toMatch(said)
  })
})
