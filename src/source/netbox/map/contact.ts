/** Tags and contacts, which NetBox keeps beside the objects that they are about. */
import { keyOf, type Dump, type Row } from '../dump.ts'
import { Fields } from '../field.ts'

export interface Contacts {
  /** Who is asked first: the assignment with the best priority. */
  contact: string | undefined
  /** The contact whose role is named owner. */
  owner: string | undefined
  all: Record<string, unknown>[]
}

/** Label keys by the tagged object's key. */
export function readTags(dump: Dump): Map<string, string[]> {
  const tags = new Map<string, string[]>()
  for (const row of dump.rows('extras.taggeditem')) {
    const item = new Fields(dump, row)
    const tag = item.ref('tag', 'extras.tag')
    const object = item.object('content_type', 'object_id')
    if (tag === undefined || object === undefined) continue
    dump.use(row)
    // Slugs may be of any letters; keys of labels are not.
    const label = String(tag.fields['slug'] ?? tag.fields['name']).replace(/[^\w./-]/g, '_')
    tags.set(keyOf(object), [...(tags.get(keyOf(object)) ?? []), label].sort())
  }
  return tags
}

const priorities = ['primary', 'secondary', 'tertiary', 'inactive', '']

interface Assignment {
  text: string
  role: string | undefined
  priority: string
  attributes: Record<string, unknown>
}

export function readContacts(dump: Dump): Map<string, Contacts> {
  const assignments = new Map<string, Assignment[]>()
  for (const row of dump.rows('tenancy.contactassignment')) {
    const fields = new Fields(dump, row)
    const typeName = 'object_type' in row.fields ? 'object_type' : 'content_type'
    const object = fields.object(typeName, 'object_id')
    const assignment = toAssignment(dump, fields)
    if (object === undefined || assignment === undefined) continue
    dump.use(row)
    assignments.set(keyOf(object), [...(assignments.get(keyOf(object)) ?? []), assignment])
  }
  return new Map([...assignments].map(([key, list]) => [key, toContacts(list)]))
}

function toAssignment(dump: Dump, fields: Fields): Assignment | undefined {
  const contact = fields.ref('contact', 'tenancy.contact')
  if (contact === undefined) return undefined
  const role = fields.nameOf('role', 'tenancy.contactrole')
  const priority = fields.text('priority') ?? ''
  const person = new Fields(dump, contact)
  const facts = ['title', 'phone', 'email', 'address', 'link'].map((name) => [name, person.text(name)])
  const group = groupOf(dump, person)
  const known = [
    ['name', person.text('name')],
    ['role', role],
    ['priority', priority || undefined],
    ...facts,
    ['group', group],
  ]
  const attributes = Object.fromEntries(known.filter(([, value]) => value !== undefined)) as Record<
    string,
    unknown
  >
  const email = attributes['email']
  const text =
    email === undefined ? String(attributes['name']) : `${String(attributes['name'])} <${String(email)}>`
  return { text, role, priority, attributes }
}

const groupOf = (dump: Dump, person: Fields): string | undefined => {
  const group = person.ref('group', 'tenancy.contactgroup')
  return group && pathName(dump, group)
}

/** The name of a nested row with the names above it: `Customers / Dunder Mifflin`. */
export function pathName(dump: Dump, row: Row): string {
  const names: string[] = []
  const seen = new Set<Row>()
  let at: Row | undefined = row
  while (at !== undefined && !seen.has(at)) {
    seen.add(at)
    names.unshift(String(at.fields['name']))
    at = new Fields(dump, at).ref('parent', at.model)
  }
  return names.join(' / ')
}

function toContacts(list: Assignment[]): Contacts {
  const rank = ({ priority }: Assignment) => priorities.indexOf(priority)
  const sorted = list.toSorted((a, b) => rank(a) - rank(b))
  return {
    contact: sorted[0]?.text,
    owner: sorted.find(({ role }) => /^owner$/i.test(role ?? ''))?.text,
    all: sorted.map(({ attributes }) => attributes),
  }
}
