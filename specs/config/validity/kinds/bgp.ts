// BGP, since 1.14: siderolabs/talos pkg/machinery/config/types/network/bgp.go.
import { isIPv4 } from 'node:net'
import { overlaps, parseSubnet } from '../../subnet.ts'
import { all, named, type Check, type Checks } from '../check.ts'
import type { View } from '../view.ts'

const checkNeighbors: Check = ({ doc, fail }) => {
  const seen = new Set<string>()
  for (const neighbor of doc.get('neighbors').items) {
    const [address, link, bfd] = [neighbor.get('address'), neighbor.get('link'), neighbor.get('bfd')]
    if (address.isText === link.isText) fail(neighbor, 'needs exactly one of address and link')
    else {
      const id = address.isText ? address.text : link.text
      if (seen.has(id)) fail(neighbor, 'is there twice', { got: id })
      seen.add(id)
    }
    const hold = neighbor.get('holdTime')
    if (hold.duration < 0) fail(hold, 'is negative', { got: hold.text })
    if (!bfd.isSet) continue
    if (doc.get('vrf').isText) fail(bfd, 'is not for an instance in a VRF')
    for (const key of ['transmitInterval', 'receiveInterval']) {
      const interval = bfd.get(key)
      if (interval.duration < 0) fail(interval, 'is negative', { got: interval.text })
    }
  }
}

const checkImports: Check = ({ doc, fail }) => {
  const sources = new Set<string>()
  const known: { readonly route: View; readonly prefix: View }[] = []
  for (const route of doc.get('importRoutes').items) {
    const source = route.get('bgpInstance')
    if (!source.isText) fail(source, 'is required')
    else if (source.text === doc.get('name').text) fail(source, 'is the instance itself', { got: source.text })
    else if (sources.has(source.text)) fail(source, 'is there twice', { got: source.text })
    sources.add(source.text)
    const prefixes = route.get('prefixes')
    if (prefixes.size === 0) fail(prefixes, 'are required')
    for (const prefix of prefixes.items) {
      const subnet = parseSubnet(prefix.text)
      if (subnet?.isPrefix !== true) {
        fail(prefix, 'is no prefix without bits behind it', { got: prefix.text })
        continue
      }
      const other = known.find((one) => {
        const before = parseSubnet(one.prefix.text)
        return before !== undefined && overlaps(before, subnet)
      })
      if (other !== undefined) fail(prefix, `overlaps ${other.prefix.text}`, { got: prefix.text })
      known.push({ route, prefix })
    }
  }
}

export const BGP_CHECKS: Checks = {
  BGPInstanceConfig: all(named, checkNeighbors, checkImports, ({ doc, fail }) => {
    const [asn, router] = [doc.get('localASN'), doc.get('routerID')]
    if (asn.number === 0) fail(asn, 'is required')
    if (router.isText && !isIPv4(router.text)) fail(router, 'is no IPv4 address', { got: router.text })
  }),
}
