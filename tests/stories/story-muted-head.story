# A head that was kept from the receiver does not keep the copies from it.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm
  mute site=spam.example

hit A site=www.spam.example
= A cm muted site spam.example
hit B story=A mentions=2 site=gazette.example
> alert cm B
hit C story=A mentions=3 site=herald.example
law cm candidates=3 muted=1 folded=1 on_way=1
