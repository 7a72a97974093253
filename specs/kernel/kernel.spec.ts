// The kernel, as the UKI's `.linux` or as boot/vmlinuz: linux drivers/firmware/efi/libstub/zboot-header.S and
// https://docs.kernel.org/arch/arm64/booting.html.
import { sha256Hex } from '#harness/bytes/digest.ts'
import { kernelReleaseOf } from '#harness/formats/kernel/kernel-config.ts'
import { PE_MACHINE_ARM64 } from '#harness/formats/uki/pe.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

test(
  ...must('KRN-001', 'the kernel is an EFI zboot image for aarch64 with a zstd payload inside its bounds', {
    targets: ['installer', 'assets', 'media'],
    needs: ['UKI-001', 'AST-001'],
    fix: 'take vmlinuz from imager:/usr/install/arm64 of the pinned release',
  }),
  async ({ kernel, judge }) => {
    const { peMachine, compression } = await kernel.zboot()
    judge(peMachine, kernel.source.where).toBe(PE_MACHINE_ARM64)
    judge(compression, kernel.source.where).toMatch(/^zstd(22)?$/)
  },
)

test(
  ...must('KRN-002', 'the payload is a little-endian arm64 Image with 4K pages', {
    targets: ['installer', 'assets', 'media'],
    needs: ['KRN-001'],
    fix: 'build the kernel with CONFIG_ARM64_4K_PAGES, or take the pinned release’s: Talos binaries expect 4K pages',
  }),
  async ({ kernel, judge }) => {
    const { flags } = await kernel.header()
    const { bigEndian, pageSize } = flags
    judge({ bigEndian, pageSize }, (await kernel.payload()).where).toEqual({ bigEndian: false, pageSize: 4096 })
  },
)

test(
  ...must('KRN-003', 'its banner names the pinned kernel release', {
    targets: ['installer', 'assets', 'media'],
    needs: ['KRN-002'],
    pinned: true,
    fix: 'use kernel and extensions of one Talos release: modules load only into the release they were built for',
  }),
  async ({ kernel, pinned, judge }) => {
    const banner = await kernel.banner()
    const { where } = await kernel.payload()
    judge(kernelReleaseOf(banner ?? '', where), where).toBe(pinned('kernelRelease'))
  },
)

test(
  ...must(
    'KRN-005',
    "its bytes are the pinned kernel: the upstream release's, or that of the image that the contract names (kernel.image)",
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['KRN-001'],
      pinned: true,
      fix: 'take vmlinuz from imager:/usr/install/arm64 of the pinned release, by the digest in the lock',
    },
  ),
  async ({ kernel, pinned, judge }) => {
    const { source } = kernel
    judge({ size: source.size, sha256: await sha256Hex(source) }, source.where).toEqual(pinned('kernel'))
  },
)
