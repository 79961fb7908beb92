# A silence asks what stands now: the size of the story and the severity have grown meanwhile.
at 2026-03-02T22:30:00Z
policy
  receiver cm quiet=22:00-07:00
  receiver mail quiet=22:00-07:00
  route to=cm,mail by=story

hit A followers=1000 score=1
hit B followers=10 score=1
hit C score=1
hit D story=C mentions=3 score=3
silence big until=+1d receiver=cm story_size>=3 "too many"
silence known until=+1d receiver=mail followers>=1000 "big names"
silence loud until=+1d receiver=mail severity>=2.5 "loud"
at 2026-03-03T07:00:00Z
> alert cm A
> alert cm B
> alert mail B
= C cm silenced big
= A mail silenced known
= C mail silenced loud
