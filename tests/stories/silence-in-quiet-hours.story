# What quiet hours hold is silenced at their end; what is left is not more urgent than it was.
at 2026-03-02T21:59:00Z
policy
  receiver cm quiet=22:00-07:00
  route to=cm by=rule wait=10m interval=1h

hit A score=2 author=@troll
hit B score=3
at 2026-03-02T22:30:00Z
= A cm held quiet hours
hit C score=2 site=bad.example
mute author=@troll
mute site=bad.example receiver=cm
at 2026-03-03T07:00:00Z
> alert cm B
= A cm muted author @troll is muted
= C cm muted site bad.example is muted
law cm candidates=3 muted=2 on_way=1
