// The assembly of a UKI by imager: upstream's stub, laid out anew with what it adds (siderolabs/talos
// internal/pkg/uki/internal/pe/native.go @ v1.11.5).
import { layOutHeaders, nameHeaders } from '#harness/formats/uki/headers.ts'
import { unpaddedSections } from '#harness/formats/uki/padding.ts'
import { readSections } from '#harness/formats/uki/stub.ts'
import { must, WITH_UKI } from '../support/requirement.ts'
import { test } from '../support/test.ts'

test(
  ...must('UKI-010', "its first sections are the pinned `systemd-stub.efi`'s: names, bytes, addresses and flags", {
    targets: ['installer', 'media'],
    forms: WITH_UKI,
    needs: ['UKI-001'],
    pinned: true,
    fix: 'take systemd-stub.efi from imager:/usr/install/arm64 of the pinned release, and add nothing between its sections',
  }),
  async ({ uki, pinned, judge }) => {
    judge(await readSections(uki.source, uki.stubSections), uki.where).toEqual(pinned('systemdStub').sections)
  },
)

test(
  ...must(
    'UKI-011',
    "its headers, padding and end are what imager's assembly makes of the stub's and of the sections (TimeDateStamp is free)",
    {
      targets: ['installer', 'media'],
      forms: WITH_UKI,
      needs: ['UKI-001', 'UKI-010'],
      pinned: true,
      fix: 'compose the UKI with the imager of the pinned release or with npx talos-image build, and change nothing in it afterwards',
    },
  ),
  async ({ uki, pinned, judge }) => {
    const { pe, source, appended, where } = uki
    const stub = pinned('systemdStub')
    const isSigned = pe.certificateTable.size > 0
    const expected = layOutHeaders({
      stub,
      added: appended.map(({ name, virtualSize }) => ({ name, size: virtualSize })),
      timeDateStamp: pe.timeDateStamp,
      isSigned,
      fileSize: source.size,
    })
    const named = (bytes: Uint8Array) => Object.fromEntries(nameHeaders(bytes, stub.sections.length + appended.length))
    judge(named(await source.read(0, expected.bytes.length)), where).toEqual(named(expected.bytes))
    judge(
      (await unpaddedSections(source, appended)).map(({ index, name }) => `section ${index} ${name}`),
      where,
    ).toEqual([])
    const behind = isSigned ? [] : [`${source.size - expected.end} bytes behind the last section`]
    judge(behind, where).toEqual(isSigned ? [] : ['0 bytes behind the last section'])
  },
)
