<?php

/**
 * The texts of this module. `:name` is replaced. Keys that begin with client_ reach the client's page.
 */

declare(strict_types=1);

return [
    'verb_CreateAccount' => 'Create',
    'verb_SuspendAccount' => 'Suspend',
    'verb_UnsuspendAccount' => 'Unsuspend',
    'verb_TerminateAccount' => 'Terminate',
    'verb_Renew' => 'Renew',
    'verb_ChangePassword' => 'Password change',
    'verb_ChangePackage' => 'Package change',
    'verb_TestConnection' => 'Connection test',
    'verb_ListAccounts' => 'Account list',
    'verb_Plans' => 'Loading the plans',
    'verb_Account' => 'Reading the account',
    'verb_Refresh' => 'Refresh',
    'verb_ResetCredentials' => 'Reset',
    'verb_EmailCredentials' => 'Credentials mail',
    'verb_Retry' => 'Retry',
    'verb_Adopt' => 'Adopt',
    'verb_ClientReset' => 'Reset',
    'verb_Extend' => 'Extend',
    'verb_ServiceSingleSignOn' => 'Single sign-on',
    'verb_AdminSingleSignOn' => 'Single sign-on',
    'verb_UsageUpdate' => 'Usage update',

    'label_sign_on' => 'Log in to panel',
    'why_unsafe_sign_on' => 'the bridge named no address a browser may be sent to',
    'advice_unsafe_sign_on' => 'Check that module and bridge are of the same release and that the panel gives out'
        . ' https addresses',
    'usage_failed' => 'Usage update: panel :panel could not be read. :why',
    'metric_disk' => 'Disk space',
    'metric_connections' => 'Connections in use',

    'failed' => ':what failed:',
    'unexpected' => ':what failed: an error in the module itself (:place). Report it with this text; repeating is'
        . ' safe.',
    'repeat_safe' => 'Safe to run again.',
    'repeat_unsafe' => 'Do not repeat before this is solved.',
    'request' => '(request :id)',
    'pending' => 'In progress, nothing to do: the bridge works on it as operation :operation and the cron completes it'
        . ' here. :message Safe to run again. (request :id)',
    'renew_pending' => 'Service :id: the renewal is recorded as operation :operation and being worked on.',
    'package_note' => 'Service :id: package changed. :note',

    'advice_noted' => 'The call is noted: once the bridge answers, the cron repeats it if it is still wanted.',
    'caught_up' => 'Service :id: :verb, which the bridge had not answered, is carried out.',
    'catch_up_refused' => 'Service :id: :verb, which the bridge had not answered, was repeated and refused (:why).'
        . ' It is not repeated again: solve what is named, then run it from the service\'s page.',
    'catch_up_failed' => 'Service :id: :verb, which the bridge had not answered, failed again (:why). The cron goes on'
        . ' repeating it.',
    'catch_up_ask' => 'Service :id: the bridge gave no answer to :verb, and it is not certain that it is still wanted.'
        . ' It is not repeated. Look at the account on the service\'s page; if it is still wanted, run it again.',

    'why_unreachable' => 'no connection to the bridge at :address (:why)',
    'advice_unreachable' => 'Nothing was sent. Check that the bridge runs and that this machine may reach it',
    'why_tls' => 'the TLS certificate of the bridge at :address was not accepted (:why)',
    'advice_tls' => 'Nothing was sent. Give the bridge a certificate this machine trusts for exactly that name,'
        . ' or correct hostname, port and SSL tick of the server record',
    'why_unanswered' => 'the bridge at :address gave no complete answer within :seconds s (:why)',
    'advice_unanswered' => 'It may still be working on it; what it does is recorded there and not done twice.'
        . ' Look at the service in some minutes, then repeat',
    'why_not_understood' => 'the reply was not one of the bridge (HTTP :status, :type)',
    'why_contradiction' => 'the reply contradicts itself (HTTP :status with result ":result")',
    'advice_not_understood' => 'Check that hostname and port are the bridge\'s own, that no proxy rewrites its answers'
        . ' and that module and bridge are of the same release',
    'no_content_type' => 'no content type',
    'why_no_reason' => 'no reason was given (:status)',
    'why_not_utf8' => 'a value of this service is not valid UTF-8 text',
    'advice_not_utf8' => 'Type the service\'s username, domain, password and custom fields anew',
    'why_no_credentials' => 'the bridge answered without the account\'s name and password',
    'why_not_stored' => 'WHMCS did not store it (:why)',
    'advice_not_stored' => 'The account itself is in order. Repeat, so that WHMCS gets what belongs on the service',
    'advice_key' => 'Check the API key (password) and the mode (username) in the server record',
    'advice_credit' => 'Add credits for this reseller at the bridge, then repeat',
    'advice_wait' => 'Wait a minute, then repeat',
    'advice_bridge_log' => 'Look for this request in the bridge\'s log',
    'advice_correct' => 'Correct what is named, then repeat',

    'why_no_service' => 'WHMCS named no service',
    'advice_no_service' => 'Run this from the page of a service',
    'why_no_server' => 'no server is set up for this service',
    'advice_no_server' => 'Choose a server of type Panelbridge for the service or its product and give it a hostname',
    'why_bad_hostname' => 'the hostname of the server record is not a host name',
    'advice_bad_hostname' => 'Enter the bare name or address there, without https:// and without a path; the port has'
        . ' its own field',
    'why_bad_mode' => 'the username of the server record is neither "live" nor "test"',
    'advice_bad_mode' => 'Enter live for a key that begins with pb_live_ and test for one that begins with pb_test_',
    'why_bad_key' => 'the server record holds no usable API key as its password',
    'advice_bad_key' => 'Create a key at the bridge and paste it into the password field of the server record',
    'why_addon' => 'product add-ons are not supported (addon_unsupported)',
    'advice_addon' => 'Sell this as a product of its own or as the configurable option "Connections"',
    'why_quantity' => 'one service with quantity :quantity is not supported (quantity_unsupported)',
    'advice_quantity' => 'Set "Allow Multiple Quantities" of the product to No or to separate services, and split'
        . ' this service',
    'why_no_password' => 'the new password is empty',
    'advice_no_password' => 'Enter a password',

    'password_pending' => 'The password change is not confirmed yet. Nothing to do: the old password is shown until'
        . ' the new one works, which should be within minutes.',
    'client_password_unchanged' => 'The password was not changed: the service could not be reached just now. Please'
        . ' try again in some minutes.',
    'client_password_unknown' => 'It is not certain yet whether the password was changed. Please look again in some'
        . ' minutes.',
    'client_password_refused' => 'The password was not changed.',
    'client_reset_unchanged' => 'The credentials were not changed: the service could not be reached just now. Please'
        . ' try again in some minutes.',
    'client_reset_unknown' => 'It is not certain yet whether the credentials were changed. Please look again in some'
        . ' minutes.',
    'client_reset_refused' => 'The credentials were not changed.',
    'client_ask_support' => 'Please contact support.',
    'client_failed' => 'Service :id: asked for by the client: :text',

    'option_plan' => 'Plan',
    'option_plan_help' => 'What the bridge sells as this product. The billing cycles of the product must be among the'
        . ' plan\'s terms.',
    'option_connections' => 'Connections',
    'option_connections_help' => 'Connections of one account; empty: as the plan says. A configurable option of the'
        . ' name "Connections" goes before this.',
    'option_grace' => 'Days of grace shown',
    'option_grace_help' => 'How many days after expiry the client\'s page says a renewal is still possible. Only'
        . ' shown: what really happens is set with the plan at the bridge. 0 shows nothing.',
    'no_plans' => 'The bridge has no plan for this key yet. Create one there, or type its code in advanced mode.',
    'type_plan_code' => 'Until then the plan\'s code can be typed in advanced mode.',

    'test_no_checks' => 'The bridge answered without any check: module and bridge are not of the same release.',
    'test_hooks' => 'WHMCS has not loaded this module\'s hooks.',
    'test_hooks_remedy' => 'Open Module Settings of any product that uses Panelbridge and press Save Changes: WHMCS'
        . ' notices hooks.php only then.',
    'test_clear_text' => 'The API key would cross the network in clear text: tick SSL and use the TLS port of the'
        . ' bridge.',
    'test_product' => 'Product ":product":',
    'test_caller' => 'The bridge sees this WHMCS as :address.',

    'why_list_incomplete' => 'the list of accounts was not complete',
    'why_list_account' => 'the bridge does not know the state of an account (":name")',

    'button_refresh' => 'Refresh from panel',
    'button_reset' => 'Reset credentials',
    'button_email' => 'Email credentials',
    'button_retry' => 'Retry',
    'button_adopt' => 'Adopt',
    'why_not_ready' => 'the account has no credentials yet',
    'advice_not_ready' => 'Wait until it is created; the welcome mail goes out by itself then',
    'why_nothing_to_adopt' => 'the bridge names no account of the panel that waits to be adopted',
    'why_several_to_adopt' => 'more than one account waits to be adopted',
    'advice_nothing_to_adopt' => 'Enter the panel\'s id of the right account below, under "Adopt account", and save',
    'advice_several_to_adopt' => 'Enter the panel\'s id of the right account below, under "Adopt account", and save',

    'tab_result' => 'Result',
    'tab_account' => 'Panel account',
    'tab_last_operation' => 'Last operation',
    'tab_last_error' => 'Last error',
    'tab_attention' => 'Needs a person',
    'tab_extend' => 'Extend',
    'tab_adopt' => 'Adopt account',
    'tab_unreachable' => 'The bridge cannot be reached just now; nothing is known of the account. WHMCS stays usable.',
    'tab_no_account' => 'There is no account for this service.',
    'tab_other_password' => 'WHMCS holds another password than the account has: the panel refused it or never got it.'
        . ' The client is shown the one that works; Refresh from panel brings it here.',
    'tab_not_live' => 'The panel could not be asked: this is what the bridge\'s journal knows.',
    'fact_username' => 'Username',
    'fact_state' => 'State',
    'fact_plan' => 'Plan',
    'fact_term' => 'Term',
    'fact_package' => 'Package',
    'fact_connections' => 'Connections',
    'fact_panel' => 'Panel',
    'fact_account_id' => 'Panel\'s id',
    'fact_expires_at' => 'Expires',
    'fact_entitled_until' => 'Paid until',
    'fact_known_at' => 'Known at',
    'fact_suspensions' => 'Suspended for',
    'fact_id' => 'Number',
    'fact_verb' => 'Verb',
    'fact_outcome' => 'Outcome',
    'fact_waits_for' => 'Waits for operation',
    'fact_text' => 'What',
    'fact_operation' => 'Operation',
    'fact_code' => 'Code',
    'fact_message' => 'What',
    'fact_advice' => 'What to do',

    'form_by' => 'by',
    'form_note' => 'because',
    'form_due' => 'also move WHMCS\'s next due date',
    'form_extend_help' => 'A duration such as 1m or 30d, and a note, which is mandatory. Runs with Save Changes, once.',
    'form_adopt_help' => 'The panel\'s id of an account that belongs to this service. Runs with Save Changes.',
    'form_logged' => 'Service :id: :text',
    'extended' => 'Extended by :by, paid until :until.',
    'adopted' => 'The panel\'s account :account now belongs to this service.',
    'due_moved' => 'WHMCS\'s next due date is :date.',
    'due_not_moved' => 'WHMCS\'s next due date should be :date and is :now: set it by hand.',
    'due_untouched' => 'WHMCS\'s next due date was not moved.',
    'why_stale_page' => 'this page is older than an hour or was not made for this service',
    'advice_stale_page' => 'Open the service\'s page again and repeat',
    'why_stale_client_page' => 'this page was open for too long; please open it again and repeat',
    'advice_stale_client_page' => 'Open the page again and repeat',
    'why_bad_duration' => 'the duration is not understood',
    'advice_bad_duration' => 'Enter months as 1m or days as 30d',
    'why_no_note' => 'the note is missing or too short',
    'advice_no_note' => 'Say why the service is extended; it is kept with the history',

    'client_title' => 'Your access',
    'client_username' => 'Username',
    'client_password' => 'Password',
    'client_show' => 'Show',
    'client_state' => 'State',
    'client_expires' => 'Valid until',
    'client_grace' => 'Renewal possible until',
    'client_connections' => 'Connections',
    'client_as_of' => 'As known at',
    'client_reset' => 'New username or password',
    'client_reset_help' => 'The old credentials stop working at once. Devices have to be set up again.',
    'client_sign_on_button' => 'Log in to panel',
    'client_sign_on_failed' => 'Logging in did not work just now. Please use the user name and password shown here, or'
        . ' try again in some minutes.',
    'client_sign_on_none' => 'This service has no login page of its own. Please use the user name and password shown'
        . ' here.',
    'client_note_suspended' => 'It cannot be used at the moment. If an invoice is open, it works again when that is'
        . ' paid; else please contact support.',
    'client_note_limited' => 'What your package includes is used up. It works again when it is renewed.',
    'client_note_expired' => 'It has run out. It works again when it is renewed.',
    'client_reset_button' => 'Reset credentials',
    'client_password_unshown' => 'It cannot be shown here. Please ask support for it.',
    'client_password_changes' => 'A change is being worked on. Please look again in some minutes.',
    'client_told_preparing' => 'Your access is being prepared. This page shows it as soon as it works.',
    'client_told_ordered' => 'Your access is set up when your order is paid and accepted. If you paid more than an hour'
        . ' ago, please contact support.',
    'client_told_delayed' => 'Setting up your access takes longer than usual. We have been told and are working on it.',
    'client_told_refused' => 'Your access could not be set up. We have been told; please contact support.',
    'client_told_missing' => 'There is no access for this service at the moment. Please contact support.',
    'client_told_terminated' => 'This access has ended.',
    'client_unavailable' => 'Details of your access cannot be shown just now. Your service itself is not affected;'
        . ' please look again in some minutes.',
    'client_reset_pending' => 'The reset is being worked on. Nothing to do: the new credentials appear on this page'
        . ' within minutes.',
    'client_state_preparing' => 'being prepared',
    'client_state_ordered' => 'not set up yet',
    'client_state_delayed' => 'delayed',
    'client_state_refused' => 'not set up',
    'client_state_missing' => 'not available',
    'client_state_disabled' => 'suspended',
    'client_state_trial' => 'trial',
    'client_state_active' => 'active',
    'client_state_grace' => 'expired, renewal possible',
    'client_state_suspended' => 'suspended',
    'client_state_paused' => 'paused',
    'client_state_cancelling' => 'active until the end of the period',
    'client_state_limited' => 'used up',
    'client_state_expired' => 'expired',
    'client_state_retained' => 'expired',
    'client_state_terminated' => 'ended',

    'mail_vetoed' => 'Service :id: the mail ":mail" was held back, because the account\'s credentials are not known yet'
        . ' (:why). Send it from the service\'s page once the account is active.',
    'mail_why_pending' => 'the account is still being created',
    'mail_why_no_password' => 'the bridge knows no password of the account',
    'mail_no_end' => 'no end date',
    'mail_why_silent' => 'the bridge gave no answer',
    'mail_subject' => 'Your access',
    'mail_body' => "Dear {\$client_first_name},\n\nhere is your access.\n\nUsername: {\$panelbridge_username}\n"
        . "Password: {\$panelbridge_password}\nValid until: {\$panelbridge_expires}\n{\$panelbridge_connect}\n\n"
        . '{$signature}',
    'merge_username' => 'Panel username',
    'merge_password' => 'Panel password',
    'merge_expires' => 'Date the access is paid until',
    'merge_connect' => 'How to connect: addresses and keys, one a line',

    'cart_bad_mac' => 'The device MAC must look like 00:1A:79:12:34:56.',
    'cart_bad_username' => 'The username may hold letters, digits, dot, dash and underscore only.',
    'cart_quantity' => 'This product can be ordered once per line. Please add it again for a second one.',
    'upgrade_from' => ' (before: :product)',
    'cart_prorata' => 'This product cannot be ordered at the moment, because of its prorata billing. Please contact'
        . ' us.',
    'cart_refused' => 'An order was refused in the cart. :why',
    'upgrade_failed' => 'Service :id: the paid package change was not carried out. :why WHMCS already holds the new'
        . ' product and price:from. Solve what is named and press Change Package on the service; or move the service'
        . ' back to its old product and refund the difference.',

    'product_unsellable' => 'A product was saved whose orders would fail. :why',
    'product_prorata' => 'Product ":product" has Prorata Billing on (prorata_unsupported): its first invoice pays for'
        . ' some days while the account gets a whole term, and the dates stay apart for ever. Untick Prorata Billing'
        . ' on the product\'s Pricing tab; until then the cart refuses it.',

    'closed' => 'Service :id: :verb of operation :operation completed.',
    'close_stale' => 'Service :id: :verb of operation :operation is not completed here, because a later operation'
        . ' of the service settled.',
    'close_other_state' => 'Service :id: :verb of operation :operation is not completed here, because the service or'
        . ' its order is :state.',
    'late_taken' => 'Service :id is :state, and its account was finished only after that. The account was taken away'
        . ' again, :credit credits came back, nothing was mailed.',
    'late_not_taken' => 'Service :id is :state, but its account was finished after that and could not be taken away yet'
        . ' (:why). The cron goes on trying.',
    'late_many' => 'More than :most accounts were finished after their services had ended; :waiting wait. :most are'
        . ' taken away in each round of the cron. If this is not right, set the services Active or disable the server'
        . ' record.',
    'close_failed' => 'Service :id: WHMCS could not complete :verb of operation :operation (:why).',
    'close_gone' => 'Service :id of operation :operation is not a service of this module any more.',
    'item_refused' => 'Paid invoice item :item (invoice :invoice) was not booked at the bridge: :why',
    'item_not_renewed' => 'Line :item of invoice :invoice is paid, but WHMCS did not renew service :id for it, as with'
        . ' a line that was cancelled: no period was booked at the bridge. If one was paid for, extend the service on'
        . ' its page.',
    'alert_subject' => 'Panelbridge needs a person',
];
