# Half-open: from its beginning on, up to its end. Lifted early, it holds no more.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm

silence later from=+1h until=+2h
hit A
> alert cm A
at 2026-03-02T10:00:00Z
hit B
= B cm silenced
at 2026-03-02T10:59:59Z
hit C
= C cm silenced
unsilence later
hit D
> alert cm D
silence later until=+1h
hit E
= E cm silenced
at 2026-03-02T11:59:59Z
hit F
> alert cm F
