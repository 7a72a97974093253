// The unified kernel image as a PE file: https://uapi-group.org/specifications/specs/unified_kernel_image/
import {
  overlappingSections,
  PE32_PLUS_MAGIC,
  PE_MACHINE_ARM64,
  PE_SUBSYSTEM_EFI_APPLICATION,
  sectionsOutside,
} from '#harness/formats/uki/pe.ts'
import { must, WITH_UKI } from '../support/requirement.ts'
import { test } from '../support/test.ts'

test(
  ...must(
    'UKI-001',
    'the UKI is a PE32+ aarch64 EFI application whose sections are inside the file and do not overlap',
    {
      targets: ['installer', 'media'],
      forms: WITH_UKI,
      needs: ['INS-001', 'MED-005'],
      fix: 'check `arch` in the profile this image was built from, and that nothing cut or rewrote vmlinuz.efi afterwards',
    },
  ),
  async ({ uki, judge }) => {
    const { magic, machine, subsystem } = uki.pe
    judge({ magic, machine, subsystem }, uki.where).toEqual({
      magic: PE32_PLUS_MAGIC,
      machine: PE_MACHINE_ARM64,
      subsystem: PE_SUBSYSTEM_EFI_APPLICATION,
    })
    judge(
      sectionsOutside(uki.pe).map((section) => section.name),
      uki.where,
    ).toEqual([])
    judge(
      overlappingSections(uki.pe).map(([one, other]) => `${one.name} over ${other.name}`),
      uki.where,
    ).toEqual([])
  },
)

test(
  ...must('UKI-007', 'the certificate table is empty exactly when the contract is not SecureBoot', {
    targets: ['installer', 'media'],
    forms: WITH_UKI,
    needs: ['UKI-001'],
    fix: 'build with `secureboot` as the contract has it; an unsigned image must not carry leftovers of a signature',
  }),
  async ({ uki, contract, judge }) => {
    judge(uki.pe.certificateTable.size > 0, uki.where).toBe(contract.secureBoot)
  },
)
