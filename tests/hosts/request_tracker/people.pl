#!/usr/bin/perl
# What a county's hotline has before hsdispute comes: queues, fields of its own, a hotline and a clerk with tokens. For tests only.
use strict; use warnings; use utf8;
use lib '/usr/share/request-tracker5/lib';
use RT; RT::LoadConfig(); RT::Init();
my $root = RT->SystemUser;
my ($directory) = @ARGV;

sub done { my ($what, $id, $message) = @_; $id or die "$what: $message\n"; return $id }

my %queue;
for my $name ('12345受理', '县税务局', '县医保局', '信访') {
    my $q = RT::Queue->new($root);
    done($name, $q->Create(Name => $name));
    $queue{$name} = $q;
}
for my $row (['来电人', 'FreeformSingle'], ['来电号码', 'FreeformSingle'], ['所在辖区', 'FreeformSingle'], ['期限', 'DateTimeSingle']) {
    my $field = RT::CustomField->new($root);
    done($row->[0], $field->Create(Name => $row->[0], Type => $row->[1], LookupType => 'RT::Queue-RT::Ticket'));
    done("$row->[0] in 12345", $field->AddToObject($queue{'12345受理'}));
}
for my $name ('rexian', 'jingban') {
    my $user = RT::User->new($root);
    done($name, $user->Create(Name => $name, Privileged => 1));
    for my $right (qw(SeeQueue ShowTicket ShowTicketComments CreateTicket CommentOnTicket ReplyToTicket ModifyTicket DeleteTicket
                      SeeCustomField ModifyCustomField SetInitialCustomField OwnTicket ManageAuthTokens)) {
        done("$right of $name", $user->PrincipalObj->GrantRight(Right => $right, Object => RT->System));
    }
    my ($id, $message, $secret) = RT::AuthToken->new($root)->Create(Owner => $user->id, Description => 'test');
    done("token of $name", $id, $message);
    open my $file, '>', "$directory/$name" or die $!;
    print $file $secret;
    close $file;
}
