#!/usr/bin/perl
# An ESME of Perl's Net::SMPP that does what it is told: one JSON object a line on stdin, the PDUs it gets as JSON
# lines on stdout, {"done":N} after each order. Octets travel as the code points 0-255 of JSON strings. What the
# module itself has to say comes on stderr. Judged by net-smpp.ts.
#
#   {"session":"a","connect":{"port":2775,"smpp_version":52}}
#   {"session":"a","call":"submit_sm","args":["source_addr","Interop",...]}    waits for the response; with
#                       "async",0 in the module's own way, which drops unanswered what else comes
#   {"session":"a","listen_ms":500}                                           takes what comes by itself
#   {"session":"a","close":1}
use strict;
use warnings;
use IO::Select;
use JSON::PP;
use Net::SMPP;
use Time::HiRes qw(time);

my $json = JSON::PP->new->ascii->canonical;
my $orders_json = JSON::PP->new->utf8;
my %sessions;
my $ANSWER_S = 15;
my $orders = 0;
$| = 1;

sub say_line { print $json->encode($_[0]), "\n" }

sub say_pdu {
    my ($name, $pdu) = @_;
    my %fields = map { $_ => $pdu->{$_} } grep { $_ ne 'data' && $_ ne 'reserved' } keys %$pdu;
    say_line({ session => $name, name => $pdu->explain_cmd(), %fields });
}

# A PDU that came; receipts and enquire_link are answered as an ESME does.
sub take {
    my ($name, $smpp) = @_;
    my $pdu = $smpp->read_pdu();
    if (!defined $pdu) {
        say_line({ session => $name, closed => 1 });
        delete $sessions{$name};
        return undef;
    }
    say_pdu($name, $pdu);
    if ($pdu->{cmd} == Net::SMPP::CMD_deliver_sm) {
        $smpp->deliver_sm_resp(seq => $pdu->{seq}, message_id => '');
    } elsif ($pdu->{cmd} == Net::SMPP::CMD_data_sm) {
        $smpp->data_sm_resp(seq => $pdu->{seq}, message_id => '');
    } elsif ($pdu->{cmd} == Net::SMPP::CMD_enquire_link) {
        $smpp->enquire_link_resp(seq => $pdu->{seq});
    } elsif ($pdu->{cmd} == Net::SMPP::CMD_unbind) {
        $smpp->unbind_resp(seq => $pdu->{seq});
    }
    return $pdu;
}

# PDUs until this time or until one answers the request.
sub listen_for {
    my ($name, $smpp, $until, $seq) = @_;
    my $select = IO::Select->new($smpp);
    while ((my $left = $until - time) > 0) {
        next unless $select->can_read($left);
        my $pdu = take($name, $smpp) or return;
        return if defined $seq && $pdu->{seq} == $seq && $pdu->{cmd} >= 0x80000000;
    }
    say_line({ session => $name, late => $seq }) if defined $seq;
}

while (my $line = <STDIN>) {
    my $order = $orders_json->decode($line);
    my $name = $order->{session};
    my $smpp = $sessions{$name};
    if (my $options = $order->{connect}) {
        $sessions{$name} = Net::SMPP->new_connect('127.0.0.1', async => 1, %$options)
            or say_line({ session => $name, closed => 1 });
    } elsif (!defined $smpp) {
        say_line({ session => $name, closed => 1 });
    } elsif (my $method = $order->{call}) {
        my @args = @{ $order->{args} };
        # Octets, not characters: what is packed must not be widened.
        for my $value (@args) { utf8::downgrade($value) unless ref $value }
        my $seq = eval { $smpp->$method(@args) };
        if (ref $seq) { say_pdu($name, $seq) }
        elsif (defined $seq) { listen_for($name, $smpp, time + $ANSWER_S, $seq) }
        else { say_line({ session => $name, died => "$@" }) }
    } elsif (my $ms = $order->{listen_ms}) {
        listen_for($name, $smpp, time + $ms / 1000, undef);
    } elsif ($order->{close}) {
        close $smpp;
        delete $sessions{$name};
    }
    say_line({ done => ++$orders });
}
