# A finding that waits is silenced by its rule, kind and brand.
at 2026-03-02T22:30:00Z
policy
  receiver cm quiet=22:00-07:00
  route to=cm

notice N brand=Acme "142 in the last hour, usually 9"
notice M brand=Other "30 in the last hour, usually 1"
silence spikes until=+1d kind=spike brand=Acme "the fair"
at 2026-03-03T07:00:00Z
> notice cm M : 30 in the last hour, usually 1
= N cm silenced spikes
law cm candidates=2 silenced=1 on_way=1
