# Scrip of Request Tracker 5: tells the gateway of new, changed and withdrawn tickets. hsdispute_setup.pl makes it; by hand:
# 管理 → 全局 → Scrips → 新建：条件 On Transaction，动作 User Defined，模板 Blank，阶段 TransactionBatch，本文件贴进 “自定义提交代码”.
#
# RT_SiteConfig.d/hsdispute.pm says where and with which secret (the gateway's HSDISPUTE_REQUEST_TRACKER_WEBHOOK_SECRET):
#   Set($HsdisputeHookURL, 'http://gateway:port/hooks/request_tracker');
#   Set($HsdisputeHookSecret, '...');
# A batch runs after the commit, so that the gateway finds what it is told of. Best effort: what is missed, polling finds.
use utf8;
my ($url, $secret) = map { RT->Config->Get($_) } qw(HsdisputeHookURL HsdisputeHookSecret);
return 1 unless $url && $secret;
my @acts = grep { $_->Type !~ /EmailRecord$/ } @{ $self->TicketObj->TransactionBatch || [] };
return 1 unless @acts;

my $gone = grep { ($_->Type eq 'Status' && $_->NewValue eq 'deleted') || ($_->Type eq 'AddLink' && $_->Field eq 'MergedInto') } @acts;
my $kind = $gone ? 'withdrawn' : (grep { $_->Type eq 'Create' } @acts) ? 'created' : 'updated';
require Digest::SHA; require HTTP::Tiny; require JSON;
# The id of the event stands in the body, where the signature covers it: who listens on the line cannot play it again as a new one.
my $body = JSON->new->utf8->canonical->encode({
    event => "ticket.$kind", id => '' . $self->TicketObj->id, actor => $acts[-1]->CreatorObj->Name, event_id => 'txn-' . $acts[-1]->id,
});
my $stamp = time;
# No proxy, whatever the environment names: the gateway is on the intranet.
my $answer = HTTP::Tiny->new(timeout => 3, proxy => undef, http_proxy => undef, https_proxy => undef)->post($url, {
    content => $body, headers => {
        'Content-Type' => 'application/json', 'X-Hsdispute-Timestamp' => $stamp,
        'X-Hsdispute-Signature' => Digest::SHA::hmac_sha256_hex("$stamp.$body", $secret),
    },
});
RT->Logger->warning("hsdispute webhook: $answer->{status} $answer->{reason}") unless $answer->{success};
1;
