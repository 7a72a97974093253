// The program that runs when the image is started: siderolabs/talos Dockerfile, stage installer-base-image.
import { isStatic, machineName, readElf } from '#harness/formats/elf/elf.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import { machineOf } from '../contract/architecture.ts'
import { must } from '../support/requirement.ts'
import { findForeignElf } from '../support/foreign-elf.ts'
import { test } from '../support/test.ts'

/** GRUB's modules for other machines are beside those for this one. */
const GRUB = 'usr/lib/grub'
/** A board's overlay: INS-015 judges its program, INS-014 the firmware beside it, which is for other processors too. */
const OVERLAY = 'overlay'
/** The entrypoint; judged by a rule of its own. */
const PROGRAM = 'bin/installer'

test(
  ...must(
    'INS-003',
    'the entrypoint is `/bin/installer` and resolves, links followed, to a static aarch64 executable',
    {
      targets: ['installer'],
      needs: ['OCI-001', 'OCI-002', 'OCI-004', 'OCI-003'],
      fix: 'start from installer-base for linux/arm64 of the pinned release and keep its config',
    },
  ),
  async ({ image, files, contract, judge }) => {
    const { config } = await image.config()
    judge(config?.Entrypoint, image.where).toEqual([`/${PROGRAM}`])
    const program = await fileIn(files, PROGRAM)
    const elf = await readElf(program)
    const mode = (files.resolve(PROGRAM)?.mode ?? 0) & 0o111
    judge({ machine: machineName(elf.machine), static: isStatic(elf), executable: mode !== 0 }, program.where).toEqual({
      machine: machineOf(contract),
      static: true,
      executable: true,
    })
  },
)

test(
  ...must('INS-005', 'every other ELF file in the image is aarch64 (`usr/lib/grub`, an overlay and EM_BPF aside)', {
    targets: ['installer'],
    needs: ['OCI-001', 'OCI-002', 'OCI-004', 'OCI-003'],
    fix: 'take installer-base of v1.11.4 or newer: arm64 images before it carry amd64 libuuid',
  }),
  async ({ files, contract, judge }) => {
    const program = files.resolve(PROGRAM)?.path ?? PROGRAM
    judge(await findForeignElf(files, machineOf(contract), [GRUB, OVERLAY, program]), files.where).toEqual([])
  },
)
