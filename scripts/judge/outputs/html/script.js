// Filters the rules of the page. Everything can be read without it; the form is shown only where it works.
{
  const form = document.querySelector('#filter')
  const count = form.querySelector('output')
  const rules = [...document.querySelectorAll('.rule')].map((element) => ({
    element,
    statuses: element.dataset.statuses.split(' '),
    level: element.dataset.level,
    text: element.textContent.toLowerCase(),
  }))

  const apply = () => {
    const chosen = new FormData(form)
    const statuses = chosen.getAll('status')
    const level = chosen.get('level')
    const words = chosen.get('text').toLowerCase().split(/\s+/)
    let shown = 0
    for (const rule of rules) {
      const matches =
        rule.statuses.some((status) => statuses.includes(status)) &&
        (level === '' || rule.level === level) &&
        words.every((word) => rule.text.includes(word))
      rule.element.hidden = !matches
      shown += Number(matches)
    }
    // What the filter finds is not left folded away.
    const isFiltered = shown < rules.length
    for (const area of document.querySelectorAll('.area')) {
      area.hidden = area.querySelector('.rule:not([hidden])') === null
      if (isFiltered && area.matches('details')) area.open = true
    }
    count.textContent = `${shown} of ${rules.length} rules`
  }

  // A link to a rule shows it, whatever the filter says.
  const follow = () => {
    const rule = rules.find(({ element }) => `#${element.id}` === location.hash)
    if (rule === undefined) return
    if (rule.element.hidden) form.reset()
    rule.element.open = true
    const area = rule.element.closest('details.area')
    if (area !== null) area.open = true
    rule.element.scrollIntoView()
  }

  form.addEventListener('input', apply)
  form.addEventListener('submit', (event) => event.preventDefault())
  form.addEventListener('reset', () => setTimeout(apply))
  form.querySelector('[value=open]').addEventListener('click', () => {
    const shown = rules.filter(({ element }) => !element.hidden)
    const open = shown.some(({ element }) => !element.open)
    for (const { element } of shown) {
      element.open = open
      const area = element.closest('details.area')
      if (area !== null) area.open = open
    }
  })
  addEventListener('hashchange', follow)

  form.hidden = false
  apply()
  follow()
}
