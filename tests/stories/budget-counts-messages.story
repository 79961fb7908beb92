# A budget counts messages, not mentions.
at 2026-03-02T09:00:00Z
policy
  receiver cm budget=1/day
  route to=cm by=brand wait=10s

hit A
hit B
hit C
+10s
> alert cm A B C
hit D brand=Other
+10s
law cm used=1 in_digest=1 on_way=3
