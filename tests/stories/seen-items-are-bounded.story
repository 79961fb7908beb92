# Only the last items are remembered as taken (forty, in stories); for older ones there is the
# ledger.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm digest=daily@08:00

hit i00
hit i01
hit i02
hit i03
hit i04
hit i05
hit i06
hit i07
hit i08
hit i09
hit i10
hit i11
hit i12
hit i13
hit i14
hit i15
hit i16
hit i17
hit i18
hit i19
hit i20
hit i21
hit i22
hit i23
hit i24
hit i25
hit i26
hit i27
hit i28
hit i29
hit i30
hit i31
hit i32
hit i33
hit i34
hit i35
hit i36
hit i37
hit i38
hit i39
hit i40
hit i01
law cm candidates=41
hit i00 heard=cm
law cm candidates=41
